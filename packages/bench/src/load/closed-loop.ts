import { openAll } from './connections.ts'
import type { Connection, Receiver } from './connections.ts'
import { Histogram } from './histogram.ts'
import type { Load, LoadOptions } from './load.ts'
import type { ReplyReader } from './replies.ts'

/** What every connection of a closed loop does. */
export interface Exchange {
  /** The requests, which each connection sends in this order, and then again from the first. */
  readonly requests: readonly Uint8Array[]
  /** Creates what checks the replies of one connection. */
  readonly replies: () => ReplyReader
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
  readonly #conversations: Conversation[] = []
  #requests = 0
  #bytesReceived = 0
  #isRunning = false
  #busy = 0
  #whenQuiet: (() => void) | undefined

  constructor(options: ClosedLoopOptions, exchange: Exchange) {
    this.#options = options
    this.#exchange = exchange
  }

  get requests(): number {
    return this.#requests
  }

  get bytesReceived(): number {
    return this.#bytesReceived
  }

  async open(): Promise<void> {
    const { requests, replies, prelude } = this.#exchange
    const { inFlight } = this.#options
    const writes = writesOf(requests, inFlight)
    await openAll(this.#options, prelude, (connection) => {
      const conversation = new Conversation(connection, { writes, inFlight }, replies(), this)
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

  /** Counts bytes of replies. */
  received(bytes: number): void {
    this.#bytesReceived += bytes
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

/** What all connections send. */
interface Sending {
  /** The bytes of the requests from index `i` on: `writes[i][n - 1]` joins `n` of them. */
  readonly writes: readonly (readonly Buffer[])[]
  readonly inFlight: number
}

/** The requests and replies of one connection. */
class Conversation implements Receiver {
  readonly #connection: Connection
  readonly #writes: Sending['writes']
  readonly #replies: ReplyReader
  readonly #loop: ClosedLoop
  /** When each request in flight was sent, in milliseconds; a ring. */
  readonly #sentMs: Float64Array
  #oldest = 0
  #inFlight = 0
  /** The index of the request that is sent next. */
  #next = 0

  constructor(connection: Connection, sending: Sending, replies: ReplyReader, loop: ClosedLoop) {
    this.#connection = connection
    this.#writes = sending.writes
    this.#replies = replies
    this.#loop = loop
    this.#sentMs = new Float64Array(sending.inFlight)
  }

  start(): void {
    this.#sentMs.fill(performance.now())
    this.#inFlight = this.#sentMs.length
    this.#send(this.#inFlight)
  }

  received(chunk: Buffer, count: number): void {
    this.#loop.received(count)
    const whole = this.#replies.received(chunk, count)
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
      this.#send(count)
      return
    }
    this.#inFlight -= count
    if (this.#inFlight === 0) this.#loop.conversationPaused()
  }

  #send(count: number): void {
    this.#connection.write(this.#writes[this.#next]?.[count - 1])
    this.#next = (this.#next + count) % this.#writes.length
  }
}

/** The joined bytes of 1, 2 … `most` requests from each index on. All are views of one buffer: a write needs no copy. */
function writesOf(requests: readonly Uint8Array[], most: number): Sending['writes'] {
  const repeated = Array.from(
    { length: requests.length + most },
    (_, at) => requests[at % requests.length] ?? EMPTY,
  )
  const joined = Buffer.concat(repeated)
  const starts = [0]
  for (const request of repeated) starts.push((starts.at(-1) ?? 0) + request.length)
  return requests.map((_, first) =>
    Array.from({ length: most }, (__, index) => joined.subarray(starts[first], starts[first + index + 1])),
  )
}

const EMPTY = new Uint8Array(0)
