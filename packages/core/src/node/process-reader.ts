import type { Readable } from 'node:stream'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { WireEvents } from '../interfaces/wire.ts'
import { Inbound, type InboundLimits } from '../transport/inbound.ts'
import type { Turn, TurnEnder } from '../transport/turn.ts'
import { StreamWire } from './stream-wire.ts'

/** Who reads, and how far ahead. */
export interface ProcessReaderSetup {
  readonly turn: Turn
  readonly time: ReactorTime
  /** How far it reads ahead of a reader that is not ready. */
  readonly limits: InboundLimits
  /** @returns a promise when nothing more may come before it settles. */
  deliver(data: Buffer): Promise<void> | undefined
  /** Nothing more comes. Called once. */
  lost(): void
}

/** A pipe into which a child process writes. */
export class ProcessReader implements WireEvents, TurnEnder {
  readonly #setup: ProcessReaderSetup
  readonly #wire: StreamWire
  readonly #inbound: Inbound
  #wireClosed = false
  #lost = false
  #scheduled = false

  constructor(stream: Readable, setup: ProcessReaderSetup) {
    this.#setup = setup
    this.#wire = new StreamWire({ readable: stream })
    this.#inbound = new Inbound(this.#wire, setup.limits, setup.time, {
      // A pipe that ends closes nothing else, so a protocol that is paused can be notified.
      halfCloses: true,
      deliver: (data) => setup.deliver(data),
      deliverEnd: () => this.#lose(),
      endOverdue: () => this.close(),
    })
    this.#wire.attach(this)
  }

  /** Delivers nothing until `promise` settles. */
  waitFor(promise: Promise<void>): void {
    this.#inbound.waitFor(promise)
  }

  /** Delivers nothing until `resume`. */
  pause(): void {
    this.#inbound.pause()
  }

  /** Delivers again at the end of this turn. */
  resume(): void {
    this.#inbound.resume()
    this.#schedule()
  }

  /** Reads no more; `lost` follows. */
  close(): void {
    this.#inbound.close()
    if (this.#wireClosed) this.#schedule()
    else this.#wire.close()
  }

  wireData(data: Buffer): void {
    this.#inbound.push(data)
  }

  wireEnded(): void {
    this.#inbound.pushEnd()
  }

  wireWritable(): void {}

  wireClosed(): void {
    this.#wireClosed = true
    this.#loseUnlessOwed()
  }

  turnEnded(): void {
    this.#scheduled = false
    this.#inbound.deliver()
    if (this.#wireClosed) this.#loseUnlessOwed()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#setup.turn.schedule(this)
  }

  /** A reader who is behind gets what came before it hears of the end. */
  #loseUnlessOwed(): void {
    if (!this.#inbound.owesEnd) this.#lose()
  }

  #lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.#setup.lost()
  }
}
