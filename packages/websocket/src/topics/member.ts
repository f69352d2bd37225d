import { settleSafely } from '@ropewalk/core/reactor'
import type { PreparedBatch } from '../connection/prepared-message.ts'
import type { Queued } from './publication-queue.ts'
import type { Gap, Publication, Subscriber } from './subscriber.ts'
import { WebSocketSubscriber } from './topic-subscriber.ts'

/** What a member is made with. */
export interface MemberSetup {
  /** Identifies the subscriber: the transport of a WebSocket. */
  readonly key: object
  /** The subscriber as it was given. */
  readonly owner: object
  readonly subscriber: Subscriber
  /** Earlier publications are not delivered. */
  readonly order: number
  /** Removes the member from its topic. */
  readonly leave: () => void
  /** Calls `leave` when it is aborted. */
  readonly signal: AbortSignal | undefined
  /** Called with what the subscriber throws or rejects with. */
  readonly failed: (error: unknown) => void
}

/** One subscriber in one topic: delivers to it, and skips what is published while it is behind. */
export class Member {
  readonly key: object
  readonly owner: object
  readonly #setup: MemberSetup
  /** Set while the subscriber is behind: what it has missed, by source. */
  #missed: Map<string, MutableGap> | undefined
  #left = false

  constructor(setup: MemberSetup) {
    this.key = setup.key
    this.owner = setup.owner
    this.#setup = setup
    setup.signal?.addEventListener('abort', setup.leave, { once: true })
  }

  /** The member was removed from its topic: delivers nothing more, not even what is queued. */
  left(): void {
    this.#left = true
    this.#setup.signal?.removeEventListener('abort', this.#setup.leave)
  }

  /**
   * Delivers publications of the topic that follow each other.
   *
   * @param batch All of them, for a WebSocket that gets them with one write; undefined when there is only one.
   */
  deliver(run: readonly Queued[], batch: PreparedBatch | undefined): void {
    const { subscriber, order } = this.#setup
    const together = batch !== undefined && this.#missed === undefined && (run[0]?.order ?? 0) > order
    if (together && subscriber instanceof WebSocketSubscriber) this.#took(subscriber.send(batch))
    else for (const queued of run) this.#deliverOne(queued)
    if (subscriber instanceof WebSocketSubscriber && !subscriber.transport.open) this.#setup.leave()
  }

  #deliverOne({ publication, order, except }: Queued): void {
    if (this.#left || order <= this.#setup.order || except === this.key) return
    if (this.#missed !== undefined) return this.#skip(this.#missed, publication)
    try {
      this.#took(this.#setup.subscriber.received(publication))
    } catch (error) {
      this.#setup.failed(error)
    }
  }

  #took(result: boolean | void): void {
    const { subscriber, failed } = this.#setup
    // A method that is async by mistake must not end the process with an unhandled rejection.
    if (typeof result === 'object') return void settleSafely(result, failed)
    if (result !== false || subscriber.drained === undefined) return
    this.#missed = new Map()
    void this.#catchUp(this.#missed)
  }

  #skip(missed: Map<string, MutableGap>, { topic, source, number }: Publication): void {
    const gap = missed.get(source)
    if (gap === undefined) missed.set(source, { topic, source, from: number, to: number, cause: 'too slow' })
    else gap.to = number
  }

  async #catchUp(missed: ReadonlyMap<string, Gap>): Promise<void> {
    const { subscriber, leave, failed } = this.#setup
    let goesOn: boolean | undefined = false
    try {
      goesOn = await subscriber.drained?.()
    } catch (error) {
      failed(error)
    }
    if (this.#left) return
    if (goesOn !== true) return leave()
    this.#missed = undefined
    for (const gap of missed.values()) {
      try {
        void settleSafely(subscriber.missed(gap), failed)
      } catch (error) {
        failed(error)
      }
    }
  }
}

type MutableGap = Gap & { to: number }
