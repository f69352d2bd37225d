import type { ReactorTime } from '../interfaces/reactor.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import type { Wire } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'

/**
 * The wait for the peer's end after ours, within bounds: closing with unread bytes makes the system
 * send a reset, which can cost the peer our last words.
 *
 * A peer in the middle of an upload is read to its end, as long as it keeps sending at the least rate and within the
 * longest wait; one that sends now and then is closed as if it sent nothing.
 */
export class Linger {
  readonly #options: TransportOptions
  readonly #time: ReactorTime
  readonly #deadline: Deadline
  readonly #sinceMs: number
  #droppedBytes = 0

  constructor(wire: Wire, options: TransportOptions, time: ReactorTime) {
    this.#options = options
    this.#time = time
    this.#deadline = new Deadline(time, () => wire.close())
    this.#sinceMs = time.deadlines.now()
    this.#deadline.set(Math.min(options.lingerMs, options.lingerTotalMs))
  }

  /** Bytes came that are wanted no more. */
  received(data: Buffer): void {
    this.#droppedBytes += data.length
    if (!this.#deadline.ahead) return
    const { lingerMs, lingerTotalMs, minBytesPerSecond } = this.#options
    const passedMs = this.#time.deadlines.now() - this.#sinceMs
    const earnedMs = lingerMs + (this.#droppedBytes / minBytesPerSecond) * 1000
    this.#deadline.set(Math.max(0, Math.min(passedMs + lingerMs, earnedMs, lingerTotalMs) - passedMs))
  }

  /** The wire has closed. */
  over(): void {
    this.#deadline.clear()
  }
}
