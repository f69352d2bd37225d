import type { Reactor } from '@ropewalk/core'
import { TokenBucket } from '@ropewalk/core/policies'
import { Deadline } from '@ropewalk/core/time'

/** How fast a peer may send. Infinity is no limit. */
export interface MessageRates {
  readonly maxMessagesPerSecond: number
  readonly maxBytesPerSecond: number
}

/**
 * Limits how fast one peer sends. Beyond its rate, nothing more is read for a while, and TCP slows the peer
 * down. Every frame counts as a message, except the fragments of a message but its last one: pings too.
 */
export class MessageRate {
  readonly #reactor: Reactor
  readonly #messages: TokenBucket | undefined
  readonly #bytes: TokenBucket | undefined
  readonly #wait: Deadline

  /** @param readOn Called when the peer may send again, after `tooFast` has become false. */
  constructor(rates: MessageRates, reactor: Reactor, readOn: () => void) {
    this.#reactor = reactor
    this.#messages = bucketFor(rates.maxMessagesPerSecond)
    this.#bytes = bucketFor(rates.maxBytesPerSecond)
    this.#wait = new Deadline(reactor, readOn)
  }

  /** Returns undefined when there is no limit. */
  static for(rates: MessageRates, reactor: Reactor, readOn: () => void): MessageRate | undefined {
    const isEndless = rates.maxMessagesPerSecond === Infinity && rates.maxBytesPerSecond === Infinity
    return isEndless ? undefined : new MessageRate(rates, reactor, readOn)
  }

  /** Whether the peer has exceeded its rate, and nothing is to be read. */
  get tooFast(): boolean {
    return this.#wait.ahead
  }

  /** Counts input. A message may be longer than one second's bytes: then the wait after it is longer. */
  bytesRead(bytes: number, whole: boolean): void {
    const nowMs = this.#reactor.now()
    this.#bytes?.take(bytes, nowMs)
    if (whole) this.#messages?.take(1, nowMs)
    const waitMs = Math.max(this.#bytes?.waitMs(nowMs) ?? 0, this.#messages?.waitMs(nowMs) ?? 0)
    if (waitMs > 0) this.#wait.set(waitMs)
  }

  /** Ends the wait: the connection is gone. */
  stop(): void {
    this.#wait.clear()
  }
}

/** A second's worth at once after a pause. */
function bucketFor(perSecond: number): TokenBucket | undefined {
  return perSecond === Infinity ? undefined : new TokenBucket(perSecond)
}
