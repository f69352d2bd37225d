import type { Random } from '../random.ts'
import type { EventQueue } from '../time/event-queue.ts'
import type { Link } from './link.ts'
import type { NetworkStats } from './network-stats.ts'

/** The two ends of one direction of a connection. */
export interface FlowEnds {
  /** The sender's system has taken all that it was handed. */
  taken(): void
  /** The connection is broken, as the sender learns. */
  broken(code: 'ECONNRESET' | 'ETIMEDOUT'): void
  /** Whether the receiver's system still knows the connection. */
  isKnown(): boolean
  /** Bytes arrived, in order. Whoever reads them says so to `read`. */
  arrived(data: Buffer): void
  /** The end of the bytes arrived. */
  ended(): void
}

/** How the systems of both ends behave. */
export interface FlowLimits {
  /** What the sender's system takes in before its program must wait. */
  readonly sendBufferBytes: number
  /** What the receiver's system holds for a program that does not read. */
  readonly receiveBufferBytes: number
  /** Most bytes in one segment. */
  readonly segmentBytes: number
  /** How long the sender tries before it gives the connection up. */
  readonly giveUpMs: number
  /** Where segments are cut: anywhere, or only where they are full. */
  readonly cuts: 'anywhere' | 'none'
}

/** What a flow is made of. */
export interface FlowSetup {
  /** Such as `client:49152>server`. */
  readonly name: string
  readonly stats: NetworkStats
  readonly events: EventQueue
  readonly random: Random
  readonly limits: FlowLimits
  readonly forth: Link
  readonly back: Link
}

/**
 * One direction of a TCP connection: bytes come out as they went in, cut anywhere, each once and in order,
 * whatever the links do; or the connection breaks.
 */
export class Flow {
  readonly #setup: FlowSetup
  readonly #ends: FlowEnds
  #queue: Buffer[] = []
  #queuedBytes = 0
  /** Sent, and not known to be read. */
  #unackedBytes = 0
  #onTheWay: Segment[] = []
  #blocked = false
  #end: 'open' | 'wanted' | 'sent' = 'open'
  #over = false

  constructor(setup: FlowSetup, ends: FlowEnds) {
    this.#setup = setup
    this.#ends = ends
  }

  /** Hands bytes to the sender's system. @returns false when it has not taken all; then `taken` follows. */
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

  /** No more will be written: an end, behind what was. */
  finish(): void {
    if (this.#end !== 'open') return
    this.#end = 'wanted'
    this.#pump()
  }

  /** The receiver has read bytes: there is room for more. */
  read(bytes: number): void {
    this.#acknowledge(bytes, this.#setup.events.nowMs)
  }

  /** Nothing of it matters any more; what is on its way is forgotten. */
  stop(): void {
    this.#over = true
    this.#queue = []
    this.#queuedBytes = 0
    this.#onTheWay = []
  }

  /** Tells the receiver that the sender has dropped everything. */
  reset(told: () => void): void {
    this.stop()
    const { name, forth, stats } = this.#setup
    stats.resets++
    const arrived = (): void => {
      forth.delivered(name, 'reset')
      told()
    }
    forth.carry({ what: 'RST', bytes: HEADER_BYTES, arrived, lost: () => undefined })
  }

  #pump(): void {
    const { limits } = this.#setup
    while (!this.#over && this.#queuedBytes > 0) {
      const room = limits.receiveBufferBytes - this.#unackedBytes
      if (room <= 0) return
      this.#send({ data: this.#cut(room), isEnd: false })
    }
    if (this.#over || this.#end !== 'wanted') return
    this.#end = 'sent'
    this.#send({ data: NOTHING, isEnd: true })
  }

  /** Where segments are cut means nothing, so they are cut anywhere, now and then at every byte. */
  #cut(room: number): Buffer {
    const { random, limits } = this.#setup
    const [first = NOTHING] = this.#queue
    const most = Math.min(room, limits.segmentBytes, first.length)
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
    const what = segment.isEnd ? 'FIN' : `${segment.data.length} bytes`
    forth.carry({
      what,
      bytes: HEADER_BYTES + segment.data.length,
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

  /** Nobody there knows this connection. */
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

/** As systems do: each wait twice the one before. */
function retryMs(tries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS)
}

const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 60_000
const HEADER_BYTES = 40
const NOTHING = Buffer.alloc(0)
