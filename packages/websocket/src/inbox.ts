import type { MessageEvent } from './codec/message-reader.ts'

/** A message on its way to the protocol. */
export type Message = Extract<MessageEvent, { readonly type: 'text' | 'bytes' }>

/** How much is held back. */
export interface InboxBounds {
  readonly maxMessagesAhead: number
  readonly maxBytesAhead: number
}

/** What an inbox calls. */
export interface InboxOwner {
  /**
   * Calls the protocol; throws nothing.
   *
   * @returns a promise, which does not reject, when nothing more may be delivered before it settles.
   */
  deliver(message: Message): Promise<void> | undefined
  /** A callback has returned, or the pause was lifted: there may be room again, or nothing left to wait for. */
  inboxChanged(): void
}

/**
 * Delivers messages one after another, and holds them back while the protocol is paused or a promise of
 * a callback is pending. Only messages wait here: what the protocol is not ready for keeps nothing else.
 */
export class Inbox {
  readonly #bounds: InboxBounds
  readonly #owner: InboxOwner
  #held: Held[] | undefined
  #heldBytes = 0
  /** Callbacks whose promises are pending. */
  #pending = 0
  #paused = false
  #delivering = false
  #closed = false
  /** Counts deliveries and callbacks that have returned. */
  #steps = 0

  constructor(bounds: InboxBounds, owner: InboxOwner) {
    this.#bounds = bounds
    this.#owner = owner
  }

  /** Whether more is held back than the bounds allow: read no more. */
  get full(): boolean {
    if (this.#heldCount === 0) return false
    const { maxMessagesAhead, maxBytesAhead } = this.#bounds
    return this.#heldCount > maxMessagesAhead || this.#heldBytes > maxBytesAhead
  }

  /** Whether nothing is held back, and no callback is under way. */
  get idle(): boolean {
    return this.#pending === 0 && this.#heldCount === 0
  }

  /** Delivers a message, after those that are held back. */
  push(message: Message): void {
    if (this.#closed) return
    if (this.#ready && this.#heldCount === 0) {
      this.#give(message)
      if (this.#heldCount > 0) this.#deliverHeld()
    } else {
      const bytes = bytesOf(message)
      this.#held ??= []
      this.#held.push({ message, bytes })
      this.#heldBytes += bytes
    }
  }

  /** Delivers nothing until `resume`. */
  pause(): void {
    this.#paused = true
  }

  /** Delivers again, once the calls under way have returned. */
  resume(): void {
    this.#paused = false
    void Promise.resolve().then(() => this.#goOn())
  }

  /** Delivers nothing until `callback` settles. It must not reject. */
  waitFor(callback: Promise<void>): void {
    this.#pending++
    void callback.then(() => {
      this.#pending--
      this.#steps++
      this.#goOn()
    })
  }

  /** Drops what is held back, and all that comes. */
  close(): void {
    this.#closed = true
    this.#held = undefined
    this.#heldBytes = 0
  }

  /**
   * Resolves once it is idle, or the callback under way waits for more than promises that have settled:
   * eight microtasks pass in which nothing is delivered and no callback returns.
   */
  async settled(): Promise<void> {
    let steps = this.#steps
    for (let ticks = 0; ticks < QUIET_TICKS && !this.idle; ticks++) {
      await Promise.resolve()
      if (steps !== this.#steps) ticks = 0
      steps = this.#steps
    }
  }

  get #heldCount(): number {
    return this.#held?.length ?? 0
  }

  get #ready(): boolean {
    return !this.#paused && !this.#delivering && this.#pending === 0
  }

  #goOn(): void {
    this.#deliverHeld()
    this.#owner.inboxChanged()
  }

  #deliverHeld(): void {
    while (this.#ready) {
      const next = this.#held?.shift()
      if (next === undefined) return
      this.#heldBytes -= next.bytes
      this.#give(next.message)
    }
  }

  #give(message: Message): void {
    this.#steps++
    this.#delivering = true
    const callback = this.#owner.deliver(message)
    this.#delivering = false
    if (callback !== undefined) this.waitFor(callback)
  }
}

interface Held {
  readonly message: Message
  readonly bytes: number
}

function bytesOf(message: Message): number {
  return message.type === 'text' ? Buffer.byteLength(message.text) : message.data.length
}

/** More than an async function needs that awaits a few promises which have settled. */
const QUIET_TICKS = 8
