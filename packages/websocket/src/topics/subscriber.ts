import type { PreparedMessage } from '../connection/prepared-message.ts'

/** What was published in a topic. */
export interface Publication {
  readonly topic: string
  /** The data; text as UTF-8. All subscribers share it: it must not be changed. */
  readonly data: Buffer
  /** The Topics that published it: eight random bytes in hexadecimal digits. */
  readonly source: string
  /** Counts the publications of this source in this topic. */
  readonly number: number
  /** The data as a message for `sendPrepared`, which all subscribers share. */
  readonly message: PreparedMessage
}

/** Receives the publications of topics. Its methods must not wait: what they throw or reject with is logged. */
export interface Subscriber {
  /**
   * Called with each publication.
   *
   * @returns false when the subscriber is behind: the next one is delivered only after `drained` has resolved.
   */
  received(publication: Publication): boolean | void
  /** Called with the publications that were skipped while the subscriber was behind. */
  missed(gap: Gap): void
  /**
   * Resolves with true when more can be received, and with false when nothing more can be: the subscriber then
   * leaves its topics. A subscriber without it is never behind.
   */
  drained?(): Promise<boolean>
}

/** Publications of one source that a subscriber did not get. */
export interface Gap {
  readonly topic: string
  readonly source: string
  /** The number of the first one. */
  readonly from: number
  /** The number of the last one; undefined when it is unknown. */
  readonly to: number | undefined
  readonly cause: 'out of history' | 'source gone' | 'too slow'
}

/** One subscriber in one topic. */
export interface Subscription {
  /** Leaves the topic: nothing is delivered after this call. */
  unsubscribe(): void
}
