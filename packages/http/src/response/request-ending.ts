import { isConnectionEnd } from '@ropewalk/core'

/** How a request ended. */
export type Outcome = 'complete' | 'aborted' | 'upgraded'

/** Is called once, when a request has ended; `reason` is why it was aborted. */
export type EndListener = (outcome: Outcome, reason: Error | undefined) => void

/**
 * How a request ends, as a value, a promise and a signal. The promise and the AbortController are made
 * when they are first used: most requests need neither.
 */
export class RequestEnding {
  #outcome: Outcome | undefined
  #reason: Error | undefined
  #abort: AbortController | undefined
  #settle: ((outcome: Outcome) => void) | undefined
  #finished: Promise<Outcome> | undefined
  #listener: EndListener | undefined

  /** Makes the ending of a request that was upgraded. */
  static upgraded(): RequestEnding {
    const ending = new RequestEnding()
    ending.#outcome = 'upgraded'
    return ending
  }

  /** Whether the promise or the signal is in use. */
  get observed(): boolean {
    return this.#finished !== undefined || this.#abort !== undefined
  }

  /** How the request ended; undefined while it has not. */
  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  /** Why the client left or the request was aborted; undefined before that. */
  get reason(): Error | undefined {
    return this.#reason
  }

  /** Resolves once the request has ended. Never rejects. */
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

  /**
   * Aborts the signal: the client has left, but may still read. Has no effect on a request that has ended.
   */
  clientLeft(reason: Error): void {
    if (this.#outcome === undefined) this.#leave(reason)
  }

  /**
   * Ends the request: the response is complete, or the connection has another protocol. Has no effect on a
   * request that has ended.
   */
  completed(outcome: 'complete' | 'upgraded'): void {
    if (this.#outcome !== undefined) return
    this.#end(outcome)
    this.#notify(outcome, undefined)
  }

  /**
   * Ends the request without a complete response of the program. Has no effect on a request that has ended.
   */
  aborted(reason: Error): void {
    if (this.#outcome !== undefined) return
    this.#end('aborted')
    this.#leave(reason)
    this.#notify('aborted', reason)
  }

  /** Calls `listener` when the request ends, in the same turn. There is one listener; it must not throw. */
  whenEnded(listener: EndListener): void {
    this.#listener = listener
  }

  #end(outcome: Outcome): void {
    this.#outcome = outcome
    this.#settle?.(outcome)
  }

  /** A request may be kept after its end: the listener is not. */
  #notify(outcome: Outcome, reason: Error | undefined): void {
    const listener = this.#listener
    this.#listener = undefined
    listener?.(outcome, reason)
  }

  #leave(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#abort?.abort(reason)
  }
}

/** Whether a program failed with `error` because its request was aborted: it is the signal's reason, or caused by it. */
export function isClientEnd(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (isConnectionEnd(error, signal.reason) || isBareAbort(error))
}

/** A program that passes the signal on through an AbortController of its own fails with an AbortError without a cause. */
function isBareAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError' && error.cause === undefined
}
