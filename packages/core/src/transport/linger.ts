import type { ReactorTime } from '../contracts/reactor.ts'
import type { Wire } from '../contracts/wire.ts'
import { Deadline } from './deadline.ts'
import type { TransportOptions } from '../contracts/transport-options.ts'

/**
 * The wait for the peer's end after ours, within bounds: closing with unread bytes makes the system
 * send a reset, which can cost the peer our last words.
 */
export class Linger {
  readonly #wire: Wire
  readonly #deadline: Deadline
  #leftBytes: number

  constructor(wire: Wire, { lingerMs, lingerBytes }: TransportOptions, time: ReactorTime) {
    this.#wire = wire
    this.#leftBytes = lingerBytes
    this.#deadline = new Deadline(time, () => wire.close())
    this.#deadline.set(lingerMs)
  }

  /** Bytes came that nobody wants any more. */
  received(data: Buffer): void {
    this.#leftBytes -= data.length
    if (this.#leftBytes < 0) this.#wire.close()
  }

  /** The wire has closed. */
  over(): void {
    this.#deadline.clear()
  }
}
