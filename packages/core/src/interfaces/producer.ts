/** A source that can be told to wait: a transport's reading side, a file, another connection. */
export interface PushProducer {
  /** Stop giving data until `resumeProducing`. */
  pauseProducing(): unknown
  /** Go on giving data. */
  resumeProducing(): unknown
  /** Nobody will take data any more: release what you hold. */
  stopProducing(): unknown
}

/** A source that gives one piece for each time it is asked. */
export interface PullProducer {
  /** Give one piece, now or later; it is asked again once that has left. */
  resumeProducing(): unknown
  /** Nobody will take data any more: release what you hold. */
  stopProducing(): unknown
}

/** What a producer writes to. */
export interface Consumer {
  /**
   * Makes `producer` wait whenever this consumer has enough.
   *
   * A push producer (`streaming` true) is paused above the high-water mark and resumed below the
   * low one. A pull producer is asked for a piece at once, then each time the last has left. A
   * consumer that is gone calls `stopProducing` at once.
   *
   * @throws {LocalProtocolError} while another producer is registered.
   */
  registerProducer(producer: PushProducer, streaming: true): void
  registerProducer(producer: PullProducer, streaming: false): void
  /** The producer is done. Calls nothing on it; without one, does nothing. */
  unregisterProducer(): void
  /** Queues bytes; false means: enough for now. */
  write(data: Uint8Array | string): boolean
}

/** What can be piped: anything that gives pieces when asked, Node's and the web's streams among them. */
export type Pipeable = AsyncIterable<Uint8Array | string>

/** How a pipe ends. */
export interface PipeOptions {
  /** Ends it early: the promise rejects with its reason, and the connection stays as it is. */
  readonly signal?: AbortSignal | undefined
  /** Says our end behind the last piece: `loseWriteConnection`. Default false. */
  readonly end?: boolean | undefined
}
