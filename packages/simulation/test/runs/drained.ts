import { type ConnectionClosed, LineReceiver, Protocol, sleep } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import type { TLSContext } from '@ropewalk/core/tls'

/** The protocol to which a connection is switched. */
export type Kind = 'plain' | 'careful' | 'stubborn' | 'saver'
/**
 * What switches it: an HTTP upgrade; a line of text; a line of text under TLS; or a line of text followed by
 * TLS.
 */
export type Way = 'upgrade' | 'line' | 'line under tls' | 'tls'

/** The protocols to which connections are switched, by kind. */
export type Protocols = Readonly<Record<Kind, new () => Protocol>>

/** Sends everything back. It has no `drain`, so it is closed when the reactor stops. */
export class Plain extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data)
  }
}

/** Finishes some work when the reactor stops, and then sends a farewell. */
export class Careful extends Plain {
  /** Resolves when the work is finished and the farewell is written. */
  async drain(): Promise<void> {
    await this.finish()
    this.transport.write(FAREWELL)
  }

  /** The work to finish first. */
  protected finish(): Promise<void> {
    return sleep(FINISH_MS, { reactor: this.transport.reactor })
  }
}

/** Never finishes its drain. */
export class Stubborn extends Plain {
  /** Never settles. */
  drain(): Promise<void> {
    return new Promise(() => undefined)
  }
}

/** Opens a connection when the reactor stops, to save something on another host. */
class Saver extends Careful {
  protected override async finish(): Promise<void> {
    const { reactor } = this.transport
    const saving = new Saving()
    await connectProtocol(new TCPClientEndpoint(reactor, STORE.name, STORE.port), saving).catch(
      () => undefined,
    )
    if (saving.connected) await saving.lost
  }
}

/** Switches to the protocol that the first line names. */
export class Door extends LineReceiver {
  readonly #tls: TLSContext
  readonly #protocols: Protocols
  #kind: Kind | undefined

  constructor(tls: TLSContext, protocols: Protocols) {
    super()
    this.#tls = tls
    this.#protocols = protocols
  }

  override lineReceived(line: Buffer): void {
    const [way, kind] = line.toString().split(' ') as ['line' | 'tls', Kind]
    this.#kind = kind
    this.sendLine(WELCOME)
    if (way === 'tls') this.transport.startTLS(this.#tls)
    else this.#switch(kind)
  }

  handshakeCompleted(): void {
    if (this.#kind !== undefined) this.#switch(this.#kind)
  }

  #switch(kind: Kind): void {
    this.transport.switchProtocol(new this.#protocols[kind](), this.clearBuffer())
  }
}

/** The connection on which a `Saver` saves something. */
class Saving extends Protocol {
  readonly lost: Promise<void>
  #settle: () => void = () => undefined

  constructor() {
    super()
    this.lost = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  override connectionMade(): void {
    this.transport.write('saved')
    this.transport.loseConnection()
  }

  override connectionLost(_reason: ConnectionClosed): void {
    this.#settle()
  }
}

/** The default protocols, by kind. */
export const PROTOCOLS: Protocols = {
  plain: Plain,
  careful: Careful,
  stubborn: Stubborn,
  saver: Saver,
}
/** The line that `Door` sends before it switches. */
export const WELCOME = 'welcome'
/** The last line that a `Careful` protocol sends. */
export const FAREWELL = 'farewell\r\n'
/** The host to which `Saver` protocols connect. */
export const STORE = { name: 'store', port: 9 }
/** How long the drain of a `Careful` protocol takes, in milliseconds. */
const FINISH_MS = 700
