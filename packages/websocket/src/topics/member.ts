import { callSafely, settleSafely } from '@ropewalk/core/reactor'
import type { Prepared, PreparedBatch } from '../connection/prepared-message.ts'
import type { Queued } from './publication-queue.ts'
import type { Gap, Publication, Subscriber } from './subscriber.ts'
import { WebSocketSubscriber } from './topic-subscriber.ts'

/** What all members share. */
export interface MemberKeeper<T> {
  /** Removes a member from its topic. */
  leave(topic: T, member: Member<T>): void
  /** Called with what a subscriber throws or rejects with. */
  failed(error: unknown): void
}

/** What a member is made with. */
export interface MemberSetup<T> {
  /** The topic, for its keeper. */
  readonly topic: T
  readonly keeper: MemberKeeper<T>
  /** Identifies the subscriber: the transport of a WebSocket. */
  readonly key: object
  /** The subscriber as it was given. */
  readonly owner: object
  readonly subscriber: Subscriber
  /** Earlier publications are not delivered. */
  readonly order: number
}

/** One subscriber in one topic: delivers to it, and skips what is published while it is behind. */
export class Member<T = unknown> {
  readonly key: object
  readonly owner: object
  readonly #topic: T
  readonly #keeper: MemberKeeper<T>
  readonly #subscriber: Subscriber
  readonly #order: number
  /** Set while the subscriber is behind: what it has missed, by source. */
  #missed: Map<string, MutableGap> | undefined
  #left = false
  #unwatch: (() => void) | undefined

  constructor(setup: MemberSetup<T>) {
    this.key = setup.key
    this.owner = setup.owner
    this.#topic = setup.topic
    this.#keeper = setup.keeper
    this.#subscriber = setup.subscriber
    this.#order = setup.order
  }

  /** Leaves the topic when `signal` is aborted. */
  leaveOn(signal: AbortSignal): void {
    const leave = (): void => this.leave()
    signal.addEventListener('abort', leave, { once: true })
    this.#unwatch = () => signal.removeEventListener('abort', leave)
  }

  /** Leaves the topic. */
  leave(): void {
    this.#keeper.leave(this.#topic, this)
  }

  /** The member was removed from its topic: delivers nothing more, not even what is queued. */
  left(): void {
    this.#left = true
    this.#unwatch?.()
  }

  /**
   * Delivers publications of the topic that follow each other.
   *
   * @param batch All of them, for a WebSocket that gets them with one write; undefined when there is only one.
   */
  deliver(run: readonly Queued[], batch: PreparedBatch | undefined): void {
    const subscriber = this.#subscriber
    const together = batch !== undefined && this.#missed === undefined && (run[0]?.order ?? 0) > this.#order
    if (together && subscriber instanceof WebSocketSubscriber) this.#send(subscriber, batch, run)
    else for (const queued of run) this.#deliverOne(queued)
    if (subscriber instanceof WebSocketSubscriber && !subscriber.transport.open) this.leave()
  }

  #deliverOne(queued: Queued): void {
    const { publication, order, except } = queued
    if (this.#left || order <= this.#order || except === this.key) return
    if (this.#missed !== undefined) return this.#skip(this.#missed, publication)
    const subscriber = this.#subscriber
    if (subscriber instanceof WebSocketSubscriber)
      return this.#send(subscriber, publication.message, [queued])
    try {
      this.#took(subscriber.received(publication))
    } catch (error) {
      this.#keeper.failed(error)
    }
  }

  #send(subscriber: WebSocketSubscriber, prepared: Prepared, run: readonly Queued[]): void {
    try {
      const result = subscriber.send(prepared)
      if (result === 'taken') return
      const missed = this.#fallBehind()
      if (result === 'missed') for (const { publication } of run) this.#skip(missed, publication)
    } catch (error) {
      this.#keeper.failed(error)
    }
  }

  #took(result: boolean | void): void {
    // A method that is async by mistake must not end the process with an unhandled rejection.
    if (typeof result === 'object') return void settleSafely(result, (error) => this.#keeper.failed(error))
    if (result === false && this.#subscriber.drained !== undefined) this.#fallBehind()
  }

  #fallBehind(): Map<string, MutableGap> {
    const missed = new Map<string, MutableGap>()
    this.#missed = missed
    void this.#catchUp(missed)
    return missed
  }

  #skip(missed: Map<string, MutableGap>, { topic, source, number }: Publication): void {
    const gap = missed.get(source)
    if (gap === undefined) missed.set(source, { topic, source, from: number, to: number, cause: 'too slow' })
    else gap.to = number
  }

  async #catchUp(missed: ReadonlyMap<string, Gap>): Promise<void> {
    const subscriber = this.#subscriber
    const failed = (error: unknown): void => this.#keeper.failed(error)
    let goesOn: boolean | undefined = false
    try {
      goesOn = await subscriber.drained?.()
    } catch (error) {
      failed(error)
    }
    if (this.#left) return
    if (goesOn !== true) return this.leave()
    this.#missed = undefined
    for (const gap of missed.values()) void callSafely(() => subscriber.missed(gap), failed)
  }
}

type MutableGap = Gap & { to: number }
