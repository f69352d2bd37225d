import type { Socket } from 'node:net'
import { type Connection, openAll, READ_BUFFER_BYTES, type Receiver } from './connections.ts'
import { Histogram } from './histogram.ts'
import type { Load, LoadOptions } from './load.ts'
import { EqualReplies, Replies, type ReplyReader } from './replies.ts'
import { clientFrame, serverFrame, upgradeRequest } from './websocket-frames.ts'

/** WebSockets that all receive what one of them sends. */
export interface BroadcastOptions extends LoadOptions {
  /** The bytes of a message, without the header of its frame. */
  readonly bytes: number
  /** Of the connections, how many stop to read when all are open. The first, which sends, always reads. */
  readonly silent: number
  /** How many messages the first connection sends at once. */
  readonly burst: number
}

/**
 * A closed loop: the first connection sends the next burst of messages when all that read have received the last one.
 *
 * Requests are the messages received. A latency is the time until all have received a burst.
 */
export class Broadcast implements Load {
  readonly latencies: Histogram = new Histogram()
  readonly #options: BroadcastOptions
  readonly #frames: Buffer
  readonly #replies: Replies
  #sender: Connection | undefined
  #requests = 0
  #bytesReceived = 0
  #isRunning = false
  #bursts = 0
  /** The messages of the last burst that connections have not received. */
  #missing = 0
  #sentMs = 0
  #whenQuiet: (() => void) | undefined

  constructor(options: BroadcastOptions) {
    const payload = Buffer.alloc(options.bytes, TEXT)
    this.#options = options
    const frame = clientFrame(payload, { text: true })
    this.#frames = Buffer.concat(Array.from({ length: options.burst }, () => frame))
    this.#replies = new Replies(serverFrame(payload, { text: true }), READ_BUFFER_BYTES)
  }

  get requests(): number {
    return this.#requests
  }

  get bytesReceived(): number {
    return this.#bytesReceived
  }

  async open(): Promise<void> {
    const { port, silent } = this.#options
    const sockets = await openAll(this.#options, upgradeRequest(port), (connection) => {
      this.#sender ??= connection
      return new Subscriber(new EqualReplies(this.#replies), this, this.#options.burst)
    })
    for (const socket of evenly(sockets.slice(1), silent)) socket.pause()
    this.#missing = this.#expected()
  }

  start(): void {
    this.#isRunning = true
    this.#send()
  }

  pause(): Promise<void> {
    this.#isRunning = false
    return new Promise((resolve) => {
      this.#whenQuiet = resolve
    })
  }

  /** Counts bytes that a connection has received. */
  received(bytes: number): void {
    this.#bytesReceived += bytes
  }

  /** Counts messages that a connection has received. */
  messagesReceived(count: number): void {
    this.#requests += count
    this.#missing -= count
    if (this.#missing > 0) return
    this.latencies.record(performance.now() - this.#sentMs)
    this.#missing = this.#expected()
    if (this.#isRunning) this.#send()
    else this.#whenQuiet?.()
  }

  /** How many bursts were sent. */
  get bursts(): number {
    return this.#bursts
  }

  #send(): void {
    this.#bursts++
    this.#sentMs = performance.now()
    this.#sender?.write(this.#frames)
  }

  /** The messages that a burst is for all that read. */
  #expected(): number {
    const { connections, silent, burst } = this.#options
    return (connections - silent) * burst
  }
}

/** What a connection reports to. */
type BurstCounter = Pick<Broadcast, 'bursts' | 'received' | 'messagesReceived'>

/** One connection, which must receive each burst once. */
export class Subscriber implements Receiver {
  readonly #replies: ReplyReader
  readonly #broadcast: BurstCounter
  readonly #burst: number
  #messages = 0

  constructor(replies: ReplyReader, broadcast: BurstCounter, burst: number) {
    this.#replies = replies
    this.#broadcast = broadcast
    this.#burst = burst
  }

  /** @throws {Error} when it has received more messages than were sent. */
  received(chunk: Buffer, count: number): void {
    this.#broadcast.received(count)
    const whole = this.#replies.received(chunk, count)
    if (whole === 0) return
    this.#messages += whole
    // The next burst is sent when all have the last one, so together these are as many as they must be.
    if (this.#messages > this.#broadcast.bursts * this.#burst)
      throw new Error('A WebSocket received a message twice')
    this.#broadcast.messagesReceived(whole)
  }
}

/** Takes `count` of the sockets, at equal distances. */
function evenly(sockets: readonly Socket[], count: number): readonly Socket[] {
  const every = sockets.length / count
  return Array.from({ length: count }, (_, at) => sockets[Math.floor(at * every)]).filter(
    (socket) => socket !== undefined,
  )
}

const TEXT = 'Fairlead, capstan, bollard, cleat. '
