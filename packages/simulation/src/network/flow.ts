import { counted } from '@ropewalk/core/reactor'
import type { Random } from '../random.ts'
import type { EventQueue } from '../time/event-queue.ts'
import type { Link } from './link.ts'
import type { NetworkStats } from './network-stats.ts'

/** The two ends of one direction of a connection. */
export interface FlowEnds {
  /** The sender's queue has shrunk to the size of the send buffer, after a `write` that returned false. */
  taken(): void
  /** The sender notices that the connection is broken. */
  broken(code: 'ECONNRESET' | 'ETIMEDOUT'): void
  /** Whether the receiver's operating system still knows the connection. */
  isKnown(): boolean
  /** Bytes arrived, in order. The receiver calls `Flow.read` when its program has read them. */
  arrived(data: Buffer): void
  /** The FIN arrived, after all bytes. */
  ended(): void
}

/** The TCP limits of the operating systems at both ends. */
export interface FlowLimits {
  /** Bytes queued at the sender beyond which its program must wait. */
  readonly sendBufferBytes: number
  /** Bytes kept at the receiver for a program that does not read. Beyond them, the sender stops sending. */
  readonly receiveBufferBytes: number
  /** Most bytes in one segment. */
  readonly segmentBytes: number
  /** How long the sender retransmits before the connection breaks with ETIMEDOUT, in milliseconds. */
  readonly giveUpMs: number
  /** Where segments end: `anywhere`, or with `none` only where one is full or a write ends. */
  readonly cuts: 'anywhere' | 'none'
}

/** The constructor arguments of `Flow`. */
export interface FlowSetup {
  /** Such as `client:49152>server`. */
  readonly name: string
  readonly stats: NetworkStats
  readonly events: EventQueue
  readonly random: Random
  readonly limits: FlowLimits
  /** The link that carries the bytes. */
  readonly forth: Link
  /** The link that carries acknowledgements and refusals. */
  readonly back: Link
}

/**
 * One direction of a TCP connection. Each byte written arrives once and in order, in chunks cut anywhere,
 * whatever the links do; otherwise the connection breaks.
 */
export class Flow {
  readonly #setup: FlowSetup
  readonly #ends: FlowEnds
  #queue: Buffer[] = []
  #queuedBytes = 0
  /** Bytes sent and not acknowledged. The receiver acknowledges bytes when its program reads them. */
  #unackedBytes = 0
  #onTheWay: Segment[] = []
  #blocked = false
  #end: 'open' | 'wanted' | 'sent' = 'open'
  #over = false

  constructor(setup: FlowSetup, ends: FlowEnds) {
    this.#setup = setup
    this.#ends = ends
  }

  /**
   * Queues a copy of the bytes.
   *
   * @returns false when the send buffer is full; `taken` is called once it is not.
   */
  write(parts: readonly (Buffer | string)[]): boolean {
    for (const part of parts) {
      const copy = Buffer.from(part as string)
      if (copy.length > 0) this.#queue.push(copy)
      this.#queuedBytes += copy.length
    }
    this.#pump()
    this.#blocked = this.#queuedBytes > this.#setup.limits.sendBufferBytes
    return !this.#blocked
  }

  /** Sends a FIN after the bytes written so far. */
  finish(): void {
    if (this.#end !== 'open') return
    this.#end = 'wanted'
    this.#pump()
  }

  /** The receiver's program has read bytes: its receive buffer has room for more. */
  read(bytes: number): void {
    this.#acknowledge(bytes, this.#setup.events.nowMs)
  }

  /** Stops the flow: bytes queued or on their way are dropped. */
  stop(): void {
    this.#over = true
    this.#queue = []
    this.#queuedBytes = 0
    this.#onTheWay = []
  }

  /**
   * Drops everything and sends a RST.
   *
   * @param resetArrived Called when it arrives; not called if it is lost.
   */
  reset(resetArrived: () => void): void {
    this.stop()
    const { name, forth, stats } = this.#setup
    stats.resets++
    const arrived = (): void => {
      forth.delivered(name, 'reset')
      resetArrived()
    }
    forth.carry({ what: 'RST', bytes: HEADER_BYTES, arrived, lost: () => undefined })
  }

  #pump(): void {
    const { limits } = this.#setup
    while (!this.#over && this.#queuedBytes > 0) {
      const capacity = limits.receiveBufferBytes - this.#unackedBytes
      if (capacity <= 0) return
      this.#send({ data: this.#cut(capacity), isEnd: false })
    }
    if (this.#over || this.#end !== 'wanted') return
    this.#end = 'sent'
    this.#send({ data: NOTHING, isEnd: true })
  }

  /** TCP does not preserve boundaries: 20 % of segments have a random length, 10 % of 1 to 3 bytes. */
  #cut(capacity: number): Buffer {
    const { random, limits } = this.#setup
    const [first = NOTHING] = this.#queue
    const most = Math.min(capacity, limits.segmentBytes, first.length)
    const luck = limits.cuts === 'none' ? 0 : random.unit()
    const size =
      luck < 0.7 ? most : luck < 0.9 ? random.between(1, most) : Math.min(most, random.between(1, 3))
    const data = first.subarray(0, size)
    if (data.length === first.length) this.#queue.shift()
    else this.#queue[0] = first.subarray(data.length)
    this.#queuedBytes -= data.length
    return data
  }

  #send({ data, isEnd }: Pick<Segment, 'data' | 'isEnd'>): void {
    const segment: Segment = { data, isEnd, sinceMs: this.#setup.events.nowMs, arrived: false, tries: 0 }
    if (!isEnd) this.#count(data)
    this.#unackedBytes += data.length
    this.#onTheWay.push(segment)
    this.#transmit(segment)
  }

  #count(data: Buffer): void {
    const { stats } = this.#setup
    stats.segments++
    if (data.length === 1) stats.oneByteSegments++
  }

  #transmit(segment: Segment): void {
    const { forth } = this.#setup
    const what = segment.isEnd ? 'FIN' : counted(segment.data.length, 'byte')
    forth.carry({
      what,
      bytes: HEADER_BYTES + segment.data.length,
      payload: segment.data,
      arrived: () => this.#arrive(segment),
      lost: () => this.#again(segment),
    })
  }

  #arrive(segment: Segment): void {
    if (this.#over) return
    if (!this.#ends.isKnown()) return this.#refuse()
    segment.arrived = true
    for (let next = this.#onTheWay[0]; next?.arrived; next = this.#onTheWay[0]) {
      this.#onTheWay.shift()
      this.#deliver(next)
    }
  }

  #deliver({ data, isEnd }: Segment): void {
    const { name, forth } = this.#setup
    forth.delivered(name, isEnd ? 'end' : data)
    if (isEnd) this.#ends.ended()
    else this.#ends.arrived(data)
  }

  #again(segment: Segment): void {
    if (this.#over) return
    const { events, limits, stats } = this.#setup
    if (events.nowMs - segment.sinceMs > limits.giveUpMs) return this.#break('ETIMEDOUT')
    segment.tries++
    stats.resent++
    events.after(retryMs(segment.tries), () => !this.#over && this.#transmit(segment))
  }

  /** The receiver's operating system does not know this connection: it replies with a RST. */
  #refuse(): void {
    const { back } = this.#setup
    const arrived = (): void => this.#break('ECONNRESET')
    back.carry({ what: 'RST', bytes: HEADER_BYTES, arrived, lost: () => undefined })
  }

  #break(code: 'ECONNRESET' | 'ETIMEDOUT'): void {
    if (this.#over) return
    this.stop()
    this.#ends.broken(code)
  }

  #acknowledge(bytes: number, sinceMs: number, tries = 0): void {
    const { back, events, limits } = this.#setup
    if (this.#over) return
    const arrived = (): void => {
      if (this.#over) return
      this.#unackedBytes -= bytes
      this.#pump()
      if (!this.#blocked || this.#queuedBytes > limits.sendBufferBytes) return
      this.#blocked = false
      this.#ends.taken()
    }
    const lost = (): void => {
      if (events.nowMs - sinceMs > limits.giveUpMs) return this.#break('ETIMEDOUT')
      events.after(retryMs(tries + 1), () => this.#acknowledge(bytes, sinceMs, tries + 1))
    }
    back.carry({ what: 'ACK', bytes: HEADER_BYTES, arrived, lost })
  }
}

interface Segment {
  readonly data: Buffer
  readonly isEnd: boolean
  readonly sinceMs: number
  arrived: boolean
  tries: number
}

/** Exponential backoff, as in a real TCP stack. */
function retryMs(tries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS)
}

const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 60_000
const HEADER_BYTES = 40
const NOTHING = Buffer.alloc(0)
