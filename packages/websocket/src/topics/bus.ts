/**
 * Carries bytes between processes, at most once. It never throws and never waits. It may also deliver to the
 * process that published.
 */
export interface Bus {
  /** Publishes bytes. @returns false when they are certainly dropped. */
  publish(subject: string, data: Uint8Array): boolean
  /**
   * Calls `received` with everything that is published under `subject`. Resolves when it takes effect everywhere.
   */
  subscribe(subject: string, received: (data: Buffer) => void): Promise<BusSubscription>
  /** Whether messages are carried now. `closed` is final. */
  readonly status: 'up' | 'down' | 'closed'
  /** Calls `changed` with each new status, until the function that is returned is called. */
  onStatus(changed: (status: Bus['status']) => void): () => void
  /** Sends what it can within 1 s, then closes. */
  close(): Promise<void>
}

/** A subscription of a Bus. */
export interface BusSubscription {
  /** Ends it: nothing is delivered after this call. */
  unsubscribe(): void
}

/**
 * A Bus within one process. In tests, several Topics on one MemoryBus stand for as many processes.
 *
 * @example
 * ```ts
 * import { MemoryBus } from '@ropewalk/websocket/topics'
 *
 * const bus = new MemoryBus()
 * await bus.subscribe('news', (data) => console.log(data.toString()))
 * bus.publish('news', Buffer.from('hello'))
 * await bus.close()
 * ```
 *
 * ```text
 * hello
 * ```
 */
export class MemoryBus implements Bus {
  readonly #subjects = new Map<string, Set<(data: Buffer) => void>>()
  readonly #watches = new Set<(status: Bus['status']) => void>()
  #status: Bus['status'] = 'up'

  get status(): Bus['status'] {
    return this.#status
  }

  /** Delivers within this call, also to the publisher. */
  publish(subject: string, data: Uint8Array): boolean {
    if (this.#status !== 'up') return false
    for (const received of Array.from(this.#subjects.get(subject) ?? [])) received(Buffer.from(data))
    return true
  }

  subscribe(subject: string, received: (data: Buffer) => void): Promise<BusSubscription> {
    // A function of its own, so that each of two subscriptions with one callback ends by itself.
    const deliver = (data: Buffer): void => received(data)
    const subscribers = this.#subjects.get(subject) ?? new Set()
    this.#subjects.set(subject, subscribers.add(deliver))
    const unsubscribe = (): void => {
      subscribers.delete(deliver)
      if (subscribers.size === 0 && this.#subjects.get(subject) === subscribers)
        this.#subjects.delete(subject)
    }
    return Promise.resolve({ unsubscribe })
  }

  onStatus(changed: (status: Bus['status']) => void): () => void {
    const watch = (status: Bus['status']): void => changed(status)
    this.#watches.add(watch)
    return () => void this.#watches.delete(watch)
  }

  /** Interrupts the bus, or restores it: what is published while it is down is dropped. */
  setDown(down: boolean): void {
    if (this.#status !== 'closed') this.#become(down ? 'down' : 'up')
  }

  close(): Promise<void> {
    this.#subjects.clear()
    this.#become('closed')
    return Promise.resolve()
  }

  #become(status: Bus['status']): void {
    if (status === this.#status) return
    this.#status = status
    for (const watch of Array.from(this.#watches)) watch(status)
  }
}
