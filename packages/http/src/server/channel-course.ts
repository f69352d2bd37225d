import type { Transport } from '@ropewalk/core'
import { Deadline } from '@ropewalk/core/time'
import { assertNever } from '@ropewalk/core/bytes'
import type { HTTPChannelOptions } from './channel-options.ts'
import {
  BODY,
  type ChannelEvent,
  CONGESTED,
  HEAD,
  IDLE,
  NOTHING,
  OVER,
  type Phase,
  phaseAfter,
  type RequestPhase,
  RESPONSE,
} from './channel-phase.ts'
import type { Request } from './request.ts'

/** What did not happen before the deadline. `next request` includes the end of a discarded body. */
export type Overdue = 'next request' | 'head' | 'body' | 'response' | 'departure'

/** The part of a channel that its course uses. */
export interface CourseOwner {
  readonly transport: Transport
  readonly factory: { readonly options: HTTPChannelOptions }
}

/**
 * The course of a connection: its phase, and the one deadline for what the phase waits for.
 *
 * A phase that waits sets the deadline. In the other phases it stays as it was, and has no effect when it passes.
 */
export class ChannelCourse {
  readonly #owner: CourseOwner
  readonly #expired: (overdue: Overdue) => void
  #phase: Phase = IDLE
  #deadline: Deadline | undefined
  #drain: Drain | undefined

  /** @param expired Called with what did not happen in time. It ends the course. */
  constructor(owner: CourseOwner, expired: (overdue: Overdue) => void) {
    this.#owner = owner
    this.#expired = expired
  }

  /** The current phase. */
  get phase(): Phase {
    return this.#phase
  }

  /** Whether the reactor stops: the next request is the last one. */
  get draining(): boolean {
    return this.#drain !== undefined
  }

  /** Waits for the first byte of a new connection. */
  begin(): void {
    this.#wait(this.#options.idleTimeoutMs)
  }

  /**
   * Waits for the next request, in the phase `idle`, or in `head` if a part of it is here.
   *
   * @param begun Whether a part of it is here.
   */
  awaitRequest(event: ChannelEvent, begun: boolean): void {
    this.#enter(event, IDLE)
    if (begun) this.headBegun()
    else if (this.#drain === undefined) this.#wait(this.#options.keepAliveTimeoutMs)
    else this.#wait(this.#options.drainGraceMs)
  }

  /** Waits for the rest of a head. The deadline counts from its first byte, whatever arrives after it. */
  headBegun(): void {
    this.#enter('first byte', HEAD)
    this.#wait(this.#headTimeoutMs)
  }

  /** Enters the phase of a request. */
  headRead(phase: RequestPhase): void {
    this.#enter('head read', phase)
  }

  /** Waits, without a deadline, until output is sent. */
  outputFull(): void {
    this.#enter('output full', CONGESTED)
  }

  /** Discards the rest of a request's body. */
  discardBody(): void {
    this.#enter('response complete', { is: 'discarding', leftBytes: this.#options.maxDiscardedBytes })
    this.#wait(this.#options.discardTimeoutMs)
  }

  /** Waits for what is missing: a part of the body, which the client owes, or the beginning of the response. */
  awaitProgress(phase: RequestPhase, bodyWanted: boolean): void {
    const { deadlines } = this.#owner.transport.reactor
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
   * @param begun Whether a part of a request is here.
   * @returns a promise that resolves at the end of the course; undefined after it.
   */
  drain(begun: boolean): Promise<void> | undefined {
    const phase = this.#phase
    if (this.#drain !== undefined || phase.is === 'over') return this.#drain?.done
    this.#drain = newDrain()
    if (phase.is === 'idle' || phase.is === 'congested') this.awaitRequest('stop', begun)
    else if (phase.is === 'head') this.#wait(this.#headTimeoutMs)
    return this.#drain.done
  }

  /** Ends the course, and clears the deadline. */
  end(): void {
    this.#enter('close', OVER)
    this.#deadline?.clear()
    this.#drain?.finish()
  }

  get #options(): HTTPChannelOptions {
    return this.#owner.factory.options
  }

  /** While the reactor stops, a slow head does not get the full `headTimeoutMs`. */
  get #headTimeoutMs(): number {
    const { headTimeoutMs, drainGraceMs } = this.#options
    return this.#drain === undefined ? headTimeoutMs : Math.min(headTimeoutMs, drainGraceMs)
  }

  #enter(event: ChannelEvent, next: Phase): void {
    this.#phase = phaseAfter(this.#phase, event, next)
  }

  #passed(): void {
    const phase = this.#phase
    switch (phase.is) {
      case 'idle':
      case 'discarding':
        return this.#expired('next request')
      case 'head':
        return this.#expired('head')
      case 'request':
        return this.#requestOverdue(phase)
      case 'congested':
      case 'over':
        return undefined
      default:
        return assertNever(phase)
    }
  }

  #requestOverdue(phase: RequestPhase): void {
    const { awaits, request } = phase
    phase.awaits = NOTHING
    switch (awaits.is) {
      case 'body':
        return this.#expired('body')
      case 'response':
        return request.started ? undefined : this.#expired('response')
      case 'departure':
        return this.#isSending(request, awaits.sentBytes)
          ? this.awaitDeparture(phase)
          : this.#expired('departure')
      case 'nothing':
        return undefined
      default:
        return assertNever(awaits)
    }
  }

  /** A client that has sent its FIN may still read a long response: what it reads of it is progress. */
  #isSending(request: Request, sentBytes: number): boolean {
    return this.#owner.transport.bufferedBytes > 0 || request.sentLength > sentBytes
  }

  /** Sets the deadline, `withinMs` milliseconds from now. It replaces the one before. */
  #wait(withinMs: number): void {
    this.#deadline ??= new Deadline(this.#owner.transport.reactor, () => this.#passed())
    this.#deadline.set(withinMs)
  }
}

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
