/** How a request ended. */
export type Outcome = 'complete' | 'aborted' | 'upgraded'

/**
 * How a request ends, for the three ways of watching it. Neither the promise nor the AbortController
 * is made before it is asked for: most requests need none.
 */
export class RequestEnding {
  #outcome: Outcome | undefined
  #reason: Error | undefined
  #abort: AbortController | undefined
  #settle: ((outcome: Outcome) => void) | undefined
  #finished: Promise<Outcome> | undefined

  /** Undefined while the request has not ended. */
  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  /** Why the client has left, or is answered no more; undefined while it waits. */
  get reason(): Error | undefined {
    return this.#reason
  }

  /** Settles once the request has ended. Never rejects. */
  get finished(): Promise<Outcome> {
    this.#finished ??= new Promise((resolve) => {
      if (this.#outcome === undefined) this.#settle = resolve
      else resolve(this.#outcome)
    })
    return this.#finished
  }

  /** Aborted once there is a reason. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#reason !== undefined) this.#abort.abort(this.#reason)
    }
    return this.#abort.signal
  }

  /** The client has left, but may still be answered. Has no effect on a request that has ended. */
  clientLeft(reason: Error): void {
    if (this.#outcome === undefined) this.#leave(reason)
  }

  /** The response is complete, or the connection has another protocol. */
  completed(outcome: 'complete' | 'upgraded'): void {
    this.#end(outcome)
  }

  /** The client gets no response, or not all of one. Has no effect on a request that has ended. */
  aborted(reason: Error): void {
    if (this.#outcome !== undefined) return
    this.#end('aborted')
    this.#leave(reason)
  }

  #end(outcome: Outcome): void {
    this.#outcome = outcome
    this.#settle?.(outcome)
  }

  #leave(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#abort?.abort(reason)
  }
}
