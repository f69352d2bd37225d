import type { Transport } from '@ropewalk/core'
import type { DeadlinePlace, KeptDeadline } from '@ropewalk/core/reactor'
import { assertNever } from '@ropewalk/core/bytes'
import { DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions } from './channel-options.ts'
import {
  BODY,
  type ChannelEvent,
  CONGESTED,
  HEAD,
  IDLE,
  NEXT_PHASE,
  NOTHING,
  OVER,
  type Phase,
  type RequestPhase,
  RESPONSE,
} from './channel-phase.ts'
import type { Request } from './request.ts'

/** What did not happen before the deadline; the next request may be behind a body that is discarded. */
export type Overdue =
  | { readonly is: 'next request' | 'head' }
  | { readonly is: 'body' | 'response' | 'departure'; readonly phase: RequestPhase }

/** The channel of a course. */
export interface CourseOwner {
  readonly transport: Transport
  /** Is called with what did not happen in time. It ends the course. */
  deadlinePassed(overdue: Overdue): void
}

/**
 * The course of a connection: its phase, and the one deadline for what the phase waits for.
 *
 * A phase that waits sets the deadline. In the other phases it stays as it was, and has no effect when it passes.
 * The course is the deadline itself, because every idle connection has one.
 */
export class ChannelCourse implements KeptDeadline {
  /** Belongs to the keeper of the deadline. */
  place: DeadlinePlace | undefined
  readonly #channel: CourseOwner
  #options = DEFAULT_CHANNEL_OPTIONS
  #phase: Phase = IDLE
  #dueMs = Infinity
  #drain: Drain | undefined

  constructor(channel: CourseOwner) {
    this.#channel = channel
  }

  /** When the deadline passes. */
  get dueMs(): number {
    return this.#dueMs
  }

  /** The current phase. */
  get phase(): Phase {
    return this.#phase
  }

  /** Whether the reactor stops: the next request is the last one. */
  get draining(): boolean {
    return this.#drain !== undefined
  }

  /** The connection is new: waits for its first byte. */
  begin(options: HTTPChannelOptions): void {
    this.#options = options
    this.#wait(options.idleTimeoutMs)
  }

  /** A part of a head is here: waits for the rest. The deadline counts from now, whatever arrives next. */
  headBegun(): void {
    this.#enter(HEAD, this.#next.headBegun)
    this.#wait(this.#headTimeoutMs)
  }

  /** A head is here, and its request is processed. */
  headRead(phase: RequestPhase): void {
    this.#enter(phase, this.#next.headRead)
  }

  /** Too much output is unsent: waits, without a deadline, until it is sent. */
  outputFull(): void {
    this.#enter(CONGESTED, this.#next.outputFull)
  }

  /** Most output is sent: waits for the next request. */
  outputSent(): void {
    this.#awaitRequest(this.#next.outputSent)
  }

  /**
   * A request has its response, and its body is complete: waits for the next request.
   *
   * @param begun Whether some of the next request is here: it is read at once, and needs no deadline yet.
   */
  exchangeComplete(begun: boolean): void {
    if (begun) this.#enter(IDLE, this.#next.exchangeComplete)
    else this.#awaitRequest(this.#next.exchangeComplete)
  }

  /** A request has its response, but its body is not complete: the rest is discarded. */
  responseComplete(): void {
    const discarding = { is: 'discarding', leftBytes: this.#options.maxDiscardedBytes } as const
    this.#enter(discarding, this.#next.responseComplete)
    this.#wait(this.#options.discardTimeoutMs)
  }

  /** A discarded body is complete: waits for the next request. */
  bodyComplete(): void {
    this.#awaitRequest(this.#next.bodyComplete)
  }

  /** Waits for what is missing: a part of the body, which the client owes, or the beginning of the response. */
  awaitProgress(phase: RequestPhase, bodyWanted: boolean): void {
    const { deadlines } = this.#channel.transport.reactor
    if (bodyWanted) {
      const leftMs = phase.waitForBody(deadlines)
      if (leftMs === undefined) return
      phase.awaits = BODY
      return this.#wait(leftMs)
    }
    phase.pauseBody(deadlines)
    if (phase.awaits.is === 'departure' || phase.awaits.is === 'response') return
    phase.awaits = phase.request.started ? NOTHING : RESPONSE
    if (phase.awaits.is === 'response') this.#wait(phase.responseTimeoutMs)
  }

  /** Waits for progress of the response, after the client's FIN. */
  awaitDeparture(phase: RequestPhase): void {
    phase.awaits = { is: 'departure', sentBytes: phase.request.sentLength }
    this.#wait(this.#options.departureGraceMs)
  }

  /** Changes the longest time until the response begins; it counts from now if the response is awaited. */
  setResponseTimeout(phase: RequestPhase, timeoutMs: number): void {
    phase.responseTimeoutMs = timeoutMs
    if (phase.awaits.is === 'response') this.#wait(timeoutMs)
  }

  /**
   * Accepts one more request at most, and shortens the wait for it to `drainGraceMs`. A second call has no effect.
   *
   * @returns a promise that resolves at the end of the course; undefined after it.
   */
  drain(): Promise<void> | undefined {
    const phase = this.#phase
    if (this.#drain !== undefined || phase.is === 'over') return this.#drain?.done
    this.#drain = newDrain()
    if (phase.is === 'idle' || phase.is === 'congested') this.#awaitRequest(this.#next.drain)
    else if (phase.is === 'head') this.#wait(this.#headTimeoutMs)
    return this.#drain.done
  }

  /** Ends the course, and clears the deadline. */
  end(): void {
    this.#enter(OVER, this.#next.end)
    if (this.#dueMs !== Infinity) {
      this.#dueMs = Infinity
      this.#channel.transport.reactor.deadlines.forget(this)
    }
    this.#drain?.finish()
  }

  /** Called by the reactor at `dueMs`. */
  expire(): void {
    this.#dueMs = Infinity
    const phase = this.#phase
    switch (phase.is) {
      case 'idle':
      case 'discarding':
        return this.#channel.deadlinePassed({ is: 'next request' })
      case 'head':
        return this.#channel.deadlinePassed({ is: 'head' })
      case 'request':
        return this.#requestOverdue(phase)
      case 'congested':
      case 'over':
        return undefined
      default:
        return assertNever(phase)
    }
  }

  /** While the reactor stops, a slow head does not get the full `headTimeoutMs`. */
  get #headTimeoutMs(): number {
    const { headTimeoutMs, drainGraceMs } = this.#options
    return this.#drain === undefined ? headTimeoutMs : Math.min(headTimeoutMs, drainGraceMs)
  }

  get #next(): { readonly [event in ChannelEvent]?: Phase['is'] } {
    return NEXT_PHASE[this.#phase.is]
  }

  #awaitRequest(allowed: Phase['is'] | undefined): void {
    this.#enter(IDLE, allowed)
    this.#wait(this.#drain === undefined ? this.#options.keepAliveTimeoutMs : this.#options.drainGraceMs)
  }

  /** @param allowed The phase after the event, according to the table. */
  #enter(next: Phase, allowed: Phase['is'] | undefined): void {
    if (next.is !== allowed)
      throw new Error(
        `Cannot enter the phase ${next.is} after the phase ${this.#phase.is}: this is a fault of the channel`,
      )
    this.#phase = next
  }

  #requestOverdue(phase: RequestPhase): void {
    const { awaits, request } = phase
    phase.awaits = NOTHING
    switch (awaits.is) {
      case 'body':
        return this.#channel.deadlinePassed({ is: 'body', phase })
      case 'response':
        return request.started ? undefined : this.#channel.deadlinePassed({ is: 'response', phase })
      case 'departure':
        return this.#isSending(request, awaits.sentBytes)
          ? this.awaitDeparture(phase)
          : this.#channel.deadlinePassed({ is: 'departure', phase })
      case 'nothing':
        return undefined
      default:
        return assertNever(awaits)
    }
  }

  /** A client that has sent its FIN may still read a long response: what it reads of it is progress. */
  #isSending(request: Request, sentBytes: number): boolean {
    return this.#channel.transport.bufferedBytes > 0 || request.sentLength > sentBytes
  }

  /** Sets the deadline, `withinMs` milliseconds from now. It replaces the one before. */
  #wait(withinMs: number): void {
    const { deadlines } = this.#channel.transport.reactor
    this.#dueMs = deadlines.now() + withinMs
    deadlines.keep(this)
  }
}

/** The course of every channel that another protocol has replaced. */
export const ENDED_COURSE: ChannelCourse = new ChannelCourse({
  get transport(): never {
    throw new Error('Cannot continue the course of a connection that has another protocol')
  },
  deadlinePassed: () => undefined,
})
ENDED_COURSE.end()

/** The end of a course while the reactor stops. */
interface Drain {
  readonly done: Promise<void>
  readonly finish: () => void
}

function newDrain(): Drain {
  let finish = (): void => undefined
  const done = new Promise<void>((resolve) => (finish = resolve))
  return { done, finish }
}
