import { assertNever } from '@ropewalk/core/bytes'
import type { MessageEvent } from '../codec/message-reader.ts'
import type { Part } from './part-delivery.ts'

/** A message to deliver to the protocol. */
export type Message = Extract<MessageEvent<Buffer>, { readonly type: 'text' | 'bytes' }>

/** What an inbox delivers: whole messages, or parts of messages. */
export type Delivery = Message | Part

/** How much may be held back. Beyond either bound the inbox is full. */
export interface InboxBounds {
  readonly maxMessagesAhead: number
  readonly maxBytesAhead: number
}

/** The callbacks of an inbox. */
export interface InboxOwner {
  /**
   * Calls the protocol. It must not throw.
   *
   * @returns a promise that does not reject: nothing more is delivered before it settles. undefined when the
   *   callback has returned no promise.
   */
  deliver(message: Delivery): Promise<void> | undefined
  /** Called after a pending callback has settled, or after `resume`: `full` and `idle` may have changed. */
  inboxChanged(): void
}

/**
 * Delivers messages one after another, and holds them back while the protocol is paused or a promise of
 * a callback is pending. Only messages wait here: control frames are never held.
 */
export class Inbox {
  readonly #bounds: InboxBounds
  readonly #owner: InboxOwner
  #held: Held[] | undefined
  #heldBytes = 0
  #heldMessages = 0
  /** The number of callbacks with a pending promise. */
  #pending = 0
  #paused = false
  #delivering = false
  #closed = false
  /** Counts deliveries and settled callbacks. */
  #steps = 0

  constructor(bounds: InboxBounds, owner: InboxOwner) {
    this.#bounds = bounds
    this.#owner = owner
  }

  /** Whether more is held back than the bounds allow: the owner should stop reading. */
  get full(): boolean {
    if (this.#heldCount === 0) return false
    const { maxMessagesAhead, maxBytesAhead } = this.#bounds
    return this.#heldMessages > maxMessagesAhead || this.#heldBytes > maxBytesAhead
  }

  /** Bytes of payload in the messages held back. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether nothing is held back, and no callback is pending. */
  get idle(): boolean {
    return this.#pending === 0 && this.#heldCount === 0
  }

  /** Delivers a message, after those that are held back. After `close` drops it, and returns false. */
  push(message: Delivery): boolean {
    if (this.#closed) return false
    if (this.#ready && this.#heldCount === 0) {
      this.#deliver(message)
      if (this.#heldCount > 0) this.#deliverHeld()
    } else {
      const bytes = bytesOf(message)
      this.#held ??= []
      this.#held.push({ message, bytes })
      this.#heldBytes += bytes
      if (isMessage(message)) this.#heldMessages++
    }
    return true
  }

  /** A callback under way makes progress: `settled` waits on. */
  progressed(): void {
    this.#steps++
  }

  /** Stops delivery until `resume`. */
  pause(): void {
    this.#paused = true
  }

  /**
   * Delivers again, but never inside this call: in a microtask, or once the pending callbacks have settled.
   */
  resume(): void {
    this.#paused = false
    void Promise.resolve().then(() => this.#continue())
  }

  /** Delivers nothing until `callback` settles. It must not reject. */
  waitFor(callback: Promise<void>): void {
    this.#pending++
    void callback.then(() => {
      this.#pending--
      this.#steps++
      this.#continue()
    })
  }

  /** Drops the messages held back and all later ones. */
  close(): void {
    this.#closed = true
    this.#held = undefined
    this.#heldBytes = 0
    this.#heldMessages = 0
  }

  /**
   * Resolves once the inbox is idle, or after 32 microtasks in which nothing is delivered and no callback
   * settles. A callback that awaits only settled promises is finished by then.
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

  #continue(): void {
    this.#deliverHeld()
    this.#owner.inboxChanged()
  }

  #deliverHeld(): void {
    while (this.#ready) {
      const next = this.#held?.shift()
      if (next === undefined) return
      this.#heldBytes -= next.bytes
      if (isMessage(next.message)) this.#heldMessages--
      this.#deliver(next.message)
    }
  }

  #deliver(message: Delivery): void {
    this.#steps++
    this.#delivering = true
    const callback = this.#owner.deliver(message)
    this.#delivering = false
    if (callback !== undefined) this.waitFor(callback)
  }
}

interface Held {
  readonly message: Delivery
  readonly bytes: number
}

function bytesOf(message: Delivery): number {
  switch (message.type) {
    case 'text':
      return Buffer.byteLength(message.text)
    case 'bytes':
    case 'raw-text':
      return message.data.length
    case 'message-data':
      return message.data.length + PART_CHARGE_BYTES
    case 'message':
    case 'message-begin':
    case 'frame-end':
    case 'message-end':
      return PART_CHARGE_BYTES
    default:
      return assertNever(message)
  }
}

/** Parts count only by their bytes: a piece as small as a byte is no message. */
function isMessage({ type }: Delivery): boolean {
  return type === 'text' || type === 'bytes' || type === 'raw-text' || type === 'message'
}

/** About what a part takes in memory besides its bytes. */
const PART_CHARGE_BYTES = 64
/** More microtasks than an async function, or a loop over messages, needs to await a few settled promises. */
const QUIET_TICKS = 32
