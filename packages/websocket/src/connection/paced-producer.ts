import type { PullProducer, PushProducer } from '@ropewalk/core'

/** What a PacedProducer is made with, besides its producer. */
export interface PacedProducerSetup {
  /** Whether nothing waits in the outbox. */
  readonly idle: () => boolean
  /** Makes a call into the producer, and does not throw what it throws. */
  readonly call: (call: () => unknown) => void
  /** Called before the producer is stopped. */
  readonly stopped: () => void
}

/**
 * A user's producer, as the transport of its WebSocket sees it. It is paused while messages wait in the outbox,
 * and never within the write of a frame, where a message of the producer would be written into that frame.
 */
export class PacedProducer implements PushProducer {
  readonly #producer: PushProducer | PullProducer
  readonly #streaming: boolean
  readonly #setup: PacedProducerSetup
  #paused = false
  /** Whether the transport has asked a pull producer for a piece that it has not been asked for yet. */
  #owed = false

  constructor(producer: PushProducer | PullProducer, streaming: boolean, setup: PacedProducerSetup) {
    this.#producer = producer
    this.#streaming = streaming
    this.#setup = setup
  }

  /** Messages wait, or the transport has no room. */
  full(): void {
    if (this.#paused || !this.#streaming) return
    this.#paused = true
    this.#setup.call(() => (this.#producer as PushProducer).pauseProducing())
  }

  /** Nothing waits, and the transport has room. */
  idle(): void {
    if (!this.#paused && !this.#owed) return
    this.#paused = false
    this.#owed = false
    this.#setup.call(() => this.#producer.resumeProducing())
  }

  /** The outbox notices by itself that the transport has no room: it calls `full` after the frame. */
  pauseProducing(): void {}

  resumeProducing(): void {
    if (this.#streaming) return
    this.#owed = true
    if (this.#setup.idle()) this.idle()
  }

  stopProducing(): void {
    this.#setup.stopped()
    this.#setup.call(() => this.#producer.stopProducing())
  }
}
