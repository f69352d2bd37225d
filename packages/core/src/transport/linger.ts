import type { ReactorTime } from '../interfaces/reactor.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import type { Wire } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'

/**
 * The lingering close: waits for the peer's FIN after ours, for a bounded time. If a socket is closed with
 * unread bytes, the system sends a reset, and the peer may lose the last bytes we sent.
 *
 * A peer in the middle of an upload is read to its end, if it keeps sending at `minBytesPerSecond` and
 * finishes within `lingerTotalMs`. A peer that sends slower is closed as if it sent nothing.
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

  /** Bytes were received, and are dropped. */
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
