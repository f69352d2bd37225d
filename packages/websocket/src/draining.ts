import { Deadline, type ReactorTime } from '@ropewalk/core/time'

/**
 * The two waits of a WebSocket when the reactor stops: for pending callbacks, then for the end of the
 * connection.
 */
export class Draining {
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>
  readonly #time: ReactorTime
  #settleGone: () => void = () => undefined
  #settleCallbacks: (() => void) | undefined
  #deadline: Deadline | undefined

  constructor(time: ReactorTime) {
    this.#time = time
    this.gone = new Promise((resolve) => {
      this.#settleGone = resolve
    })
  }

  /** Resolves when `idle` is called, after `graceMs` milliseconds at the latest. */
  callbacks(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#settleCallbacks = resolve
      this.#deadline = new Deadline(this.#time, resolve)
      this.#deadline.set(graceMs)
    })
  }

  /** Ends the wait of `callbacks`: no callback is pending. */
  idle(): void {
    this.#deadline?.clear()
    this.#settleCallbacks?.()
  }

  /** Ends both waits: the connection is gone. */
  over(): void {
    this.idle()
    this.#settleGone()
  }
}
