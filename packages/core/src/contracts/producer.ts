/** A source that can be told to wait: a transport's reading side, a file, another connection. */
export interface PushProducer {
  /** Stop giving data until `resumeProducing`. */
  pauseProducing(): void
  /** Go on giving data. */
  resumeProducing(): void
  /** Nobody will take data any more: release what you hold. */
  stopProducing(): void
}

/** A source that gives one piece for each time it is asked. */
export interface PullProducer {
  /** Give one piece, now or later; it is asked again once that has left. */
  resumeProducing(): void
  /** Nobody will take data any more: release what you hold. */
  stopProducing(): void
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
