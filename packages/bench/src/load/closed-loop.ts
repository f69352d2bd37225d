import { openAll, READ_BUFFER_BYTES, writesOf } from './connections.ts'
import type { Connection, Receiver } from './connections.ts'
import { Histogram } from './histogram.ts'
import type { Load, LoadOptions } from './load.ts'
import { Replies, type Range } from './replies.ts'

/** What every connection of a closed loop does. */
export interface Exchange {
  /** The bytes of one request. */
  readonly request: Uint8Array
  /** The bytes of the reply to it. */
  readonly reply: Uint8Array
  /** A part of the reply that may differ each time. */
  readonly ignored?: Range | undefined
  /** What is sent once, before all requests: the request to upgrade to a WebSocket. */
  readonly prelude?: string
}

/** The size of a closed loop. */
export interface ClosedLoopOptions extends LoadOptions {
  /** The requests of each connection that wait for their replies at any time. */
  readonly inFlight: number
}

/** Connections that send one request for each reply, so that always the same number is in flight. */
export class ClosedLoop implements Load {
  readonly latencies: Histogram = new Histogram()
  readonly #options: ClosedLoopOptions
  readonly #exchange: Exchange
  readonly #replies: Replies
  readonly #conversations: Conversation[] = []
  #requests = 0
  #isRunning = false
  #busy = 0
  #whenQuiet: (() => void) | undefined

  constructor(options: ClosedLoopOptions, exchange: Exchange) {
    this.#options = options
    this.#exchange = exchange
    this.#replies = new Replies(exchange.reply, READ_BUFFER_BYTES, exchange.ignored)
  }

  get requests(): number {
    return this.#requests
  }

  async open(): Promise<void> {
    const writes = writesOf(this.#exchange.request, this.#options.inFlight)
    await openAll(this.#options, this.#exchange.prelude, (connection) => {
      const conversation = new Conversation(connection, writes, this.#replies, this)
      this.#conversations.push(conversation)
      return conversation
    })
  }

  start(): void {
    this.#isRunning = true
    this.#busy = this.#conversations.length
    for (const conversation of this.#conversations) conversation.start()
  }

  pause(): Promise<void> {
    this.#isRunning = false
    return new Promise((resolve) => {
      this.#whenQuiet = resolve
    })
  }

  /** Counts `count` replies of a conversation; returns whether it sends as many requests again. */
  repliesReceived(count: number): boolean {
    this.#requests += count
    return this.#isRunning
  }

  /** A conversation has all its replies, and sends no more. */
  conversationPaused(): void {
    this.#busy -= 1
    if (this.#busy === 0) this.#whenQuiet?.()
  }
}

/** The requests and replies of one connection. */
class Conversation implements Receiver {
  readonly #connection: Connection
  readonly #writes: readonly Buffer[]
  readonly #replies: Replies
  readonly #loop: ClosedLoop
  /** When each request in flight was sent, in milliseconds; a ring. */
  readonly #sentMs: Float64Array
  #oldest = 0
  #inFlight = 0
  /** The bytes received of the next reply. */
  #at = 0

  constructor(connection: Connection, writes: readonly Buffer[], replies: Replies, loop: ClosedLoop) {
    this.#connection = connection
    this.#writes = writes
    this.#replies = replies
    this.#loop = loop
    this.#sentMs = new Float64Array(writes.length)
  }

  start(): void {
    this.#sentMs.fill(performance.now())
    this.#inFlight = this.#writes.length
    this.#connection.write(this.#writes[this.#inFlight - 1])
  }

  received(chunk: Buffer, count: number): void {
    const { length } = this.#replies
    if (!this.#replies.areEqual(this.#at, chunk, count))
      throw new Error(`A reply differs from the first: ${chunk.toString('latin1', 0, Math.min(count, 300))}`)
    const end = this.#at + count
    this.#at = end % length
    const whole = (end - this.#at) / length
    if (whole === 0) return
    if (whole > this.#inFlight) throw new Error(`Got ${whole} replies to ${this.#inFlight} requests`)
    this.#repliesReceived(whole)
  }

  #repliesReceived(count: number): void {
    const nowMs = performance.now()
    const sends = this.#loop.repliesReceived(count)
    for (let reply = 0; reply < count; reply++) {
      this.#loop.latencies.record(nowMs - (this.#sentMs[this.#oldest] ?? 0))
      this.#sentMs[this.#oldest] = nowMs
      this.#oldest = (this.#oldest + 1) % this.#sentMs.length
    }
    if (sends) {
      this.#connection.write(this.#writes[count - 1])
      return
    }
    this.#inFlight -= count
    if (this.#inFlight === 0) this.#loop.conversationPaused()
  }
}
