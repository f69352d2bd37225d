import { Deadline, type ReactorTime } from '@ropewalk/core'

/** What a WebSocket waits for when the reactor stops. */
export class Draining {
  /** Settles when the connection is gone. */
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

  /** Waits until `idle` is called, for `graceMs` at most. */
  callbacks(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#settleCallbacks = resolve
      this.#deadline = new Deadline(this.#time, resolve)
      this.#deadline.set(graceMs)
    })
  }

  /** No callback is under way. */
  idle(): void {
    this.#deadline?.clear()
    this.#settleCallbacks?.()
  }

  /** The connection is gone. */
  over(): void {
    this.idle()
    this.#settleGone()
  }
}
