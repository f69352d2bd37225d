import { LocalProtocolError } from '@ropewalk/core'
import type { RequestEnding } from './request-ending.ts'

/** Why a response differs from what the program wrote. */
export interface Mistake {
  /** What could not be done, and what to do instead. Its stack shows the call. */
  readonly error: Error
  /** What the client receives: a response without a part, an error page, or an aborted connection. */
  readonly effect: 'incomplete' | 'replaced' | 'aborted'
}

/** The mistakes of the program in one response: each kind is logged once, and none for an aborted request. */
export class ResponseMistakes {
  readonly #ending: RequestEnding
  readonly #log: (mistake: Mistake) => void
  readonly #logged = new Set<Kind>()
  #closed = false

  /** @param log Is called with each mistake that is to be logged. */
  constructor(ending: RequestEnding, log: (mistake: Mistake) => void) {
    this.#ending = ending
    this.#log = log
  }

  /** Drops all further mistakes: they follow from the failure that was logged. */
  close(): void {
    this.#closed = true
  }

  /** Logs that a part of the head was set too late. @param what Such as `header Vary`. */
  headTooLate(what: string): void {
    const advice = 'set status and headers before the first write'
    this.#add('head', 'incomplete', `Cannot set ${what}: the head was sent, ${advice}`)
  }

  /** Logs that a body was sent after the response was finished. */
  bodyTooLate(): void {
    const advice = 'call finish once, with the last piece or after it, and return NOT_DONE_YET'
    this.#add('body', 'incomplete', `Cannot send a body: the response is finished, ${advice}`)
  }

  /** Logs that a body was left out. @param code The status, which has no body. */
  bodyDropped(code: number): void {
    const advice = 'finish without one, or set another status'
    this.#add('dropped', 'incomplete', `Cannot send a body with status ${code}: ${advice}`)
  }

  /** Logs that another part was left out. @param message Which part, and why. */
  partDropped(message: string): void {
    this.#add('dropped', 'incomplete', message)
  }

  /** Logs that the response cannot be sent as written. */
  failed(effect: 'replaced' | 'aborted', error: Error): void {
    this.#add('failed', effect, error)
  }

  #add(kind: Kind, effect: Mistake['effect'], found: Error | string): void {
    if (this.#closed || this.#ending.outcome === 'aborted' || this.#logged.has(kind)) return
    this.#logged.add(kind)
    this.#log({ error: typeof found === 'string' ? new LocalProtocolError(found) : found, effect })
  }
}

/**
 * The kinds of mistakes: a head or a body that is too late, a part that is dropped, a response that cannot be
 * sent.
 */
type Kind = 'head' | 'body' | 'dropped' | 'failed'
