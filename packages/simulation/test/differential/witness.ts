import {
  ClientFactory,
  type ConnectionClosed,
  type Connector,
  Protocol,
  type PushProducer,
} from '@ropewalk/core'
import type { Journal } from './journal.ts'

/** What a program of a script does in its callbacks, besides recording them. */
export interface Conduct {
  made?(witness: Witness): unknown
  data?(witness: Witness, data: Buffer): unknown
  /** With this callback, the protocol may go on after the peer's FIN. */
  readLost?(witness: Witness): unknown
  lost?(witness: Witness, reason: ConnectionClosed): unknown
  drain?(witness: Witness): unknown
}

/** A protocol that records its callbacks in a journal. */
export class Witness extends Protocol {
  readonly who: string
  readonly journal: Journal
  readonly conduct: Conduct
  made = false
  gone = false
  /** Whether the peer's FIN was notified. */
  ended = false
  /** All bytes received. */
  bytes = 0

  constructor(journal: Journal, who: string, conduct: Conduct) {
    super()
    this.journal = journal
    this.who = who
    this.conduct = conduct
  }

  /** Returns a protocol with the optional callbacks that `conduct` has. */
  static behaving(journal: Journal, who: string, conduct: Conduct): Witness {
    if (conduct.drain !== undefined) return new DrainingWitness(journal, who, conduct)
    return conduct.readLost === undefined
      ? new Witness(journal, who, conduct)
      : new HalfClosingWitness(journal, who, conduct)
  }

  override connectionMade(): unknown {
    this.made = true
    const [host, peer] = [this.transport.getHost(), this.transport.getPeer()]
    this.note(`connected, host ${this.journal.address(host)}, peer ${this.journal.address(peer)}`)
    return this.conduct.made?.(this)
  }

  override dataReceived(data: Buffer): unknown {
    this.bytes += data.length
    this.journal.received(this.who, data)
    return this.conduct.data?.(this, data)
  }

  override writeConnectionLost(): void {
    this.note('writeConnectionLost')
  }

  override connectionLost(reason: ConnectionClosed): unknown {
    this.gone = true
    this.note(`connectionLost ${this.journal.reason(reason)}`)
    return this.conduct.lost?.(this, reason)
  }

  /** Adds a line to the journal. */
  note(line: string): void {
    this.journal.note(this.who, line)
  }

  /** Writes, and notes the result. */
  write(data: string | Uint8Array): void {
    this.note(`write returns ${this.transport.write(data)}`)
  }
}

class HalfClosingWitness extends Witness {
  readConnectionLost(): unknown {
    this.ended = true
    this.note('readConnectionLost')
    return this.conduct.readLost?.(this)
  }
}

class DrainingWitness extends Witness {
  drain(): unknown {
    this.note('drain')
    return this.conduct.drain?.(this)
  }
}

/** What a factory does in its callbacks, besides recording them. */
export interface FactoryConduct extends Conduct {
  attemptFailed?(connector: Connector): unknown
  connectionLost?(connector: Connector): unknown
}

/** A factory that records its callbacks, and builds a witness for each connection. */
export class Witnesses extends ClientFactory<Witness> {
  /** The witnesses built so far. */
  readonly built: Witness[] = []
  readonly #journal: Journal
  readonly #who: string
  readonly #conduct: FactoryConduct

  /** The first witness is named `who`, the following ones `who 2`, `who 3` and so on. */
  constructor(journal: Journal, who: string, conduct: FactoryConduct = {}) {
    super()
    this.#journal = journal
    this.#who = who
    this.#conduct = conduct
  }

  override buildProtocol(): Witness {
    const number = this.built.length + 1
    const who = number === 1 ? this.#who : `${this.#who} ${number}`
    const witness = Witness.behaving(this.#journal, who, this.#conduct)
    this.built.push(witness)
    return witness
  }

  override startFactory(): void {
    this.note('startFactory')
  }

  override stopFactory(): void {
    this.note('stopFactory')
  }

  override startedConnecting(): void {
    this.note('startedConnecting')
  }

  override clientConnectionFailed(connector: Connector, reason: Error): void {
    this.note(`clientConnectionFailed ${this.#journal.reason(reason)}`)
    this.#conduct.attemptFailed?.(connector)
  }

  override clientConnectionLost(connector: Connector, reason: ConnectionClosed): void {
    this.note(`clientConnectionLost ${this.#journal.reason(reason)}`)
    this.#conduct.connectionLost?.(connector)
  }

  private note(line: string): void {
    this.#journal.note(`factory of ${this.#who}`, line)
  }
}

/** Returns a push producer that records the calls it gets as what `witness` saw. */
export function recordingProducer(witness: Witness): PushProducer {
  return {
    pauseProducing: () => witness.note('pauseProducing'),
    resumeProducing: () => witness.note('resumeProducing'),
    stopProducing: () => witness.note('stopProducing'),
  }
}
