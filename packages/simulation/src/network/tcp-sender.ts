import { Fifo } from './fifo.ts'
import type { Random } from '../random.ts'
import type { MachineTime, MachineTimer } from '../time/machine-time.ts'
import type { NetworkStats } from './network-stats.ts'
import { lengthOf, type Segment, type SegmentKind } from './segment.ts'

/** The TCP limits of the operating systems at both ends. */
export interface FlowLimits {
  /** Bytes written and not acknowledged beyond which the program must wait. */
  readonly sendBufferBytes: number
  /** Bytes kept at the receiver for a program that does not read. Beyond them, the sender stops sending. */
  readonly receiveBufferBytes: number
  /** Most bytes in one segment. */
  readonly segmentBytes: number
  /** How long the sender waits for an acknowledgement before the connection breaks with ETIMEDOUT, in ms. */
  readonly giveUpMs: number
  /** Where segments end: `anywhere`, or with `none` only where one is full or a write ends. */
  readonly cuts: 'anywhere' | 'none'
}

/** The constructor arguments of `TCPSender`. */
export interface SenderSetup {
  readonly limits: FlowLimits
  readonly random: Random
  readonly stats: NetworkStats
  readonly time: MachineTime
  /** The number of the SYN. */
  readonly firstSeq: number
  /** Sends one segment. */
  transmit(kind: SegmentKind, seq: number, data: Buffer): void
  /** The peer has not acknowledged anything for `giveUpMs`. */
  timedOut(): void
  /** The send buffer has room again, after a `write` that returned false. */
  writable(): void
}

/**
 * The sending side of a TCP connection: send buffer, retransmission (RFC 6298), the peer's window with
 * silly-window avoidance and probes (RFC 9293 §3.8.6). It has no congestion control.
 */
export class TCPSender {
  readonly #setup: SenderSetup
  readonly #queue = new Fifo<Buffer>()
  #queuedBytes = 0
  /** What was sent and is not acknowledged, in order. */
  readonly #inFlight = new Fifo<Sent>()
  readonly #inFlightBySeq = new Map<number, Sent>()
  #nextSeq: number
  #ackedSeq: number
  /** The first number that the peer does not accept yet. */
  #edge = 0
  #largestWindow = 0
  #finish: 'no' | 'wanted' | 'sent' = 'no'
  #blocked = false
  #timer: MachineTimer | undefined
  #timerDueMs = 0
  #probes = 0
  #unansweredSinceMs: number | undefined
  #smoothedMs: number | undefined
  #varianceMs = 0

  constructor(setup: SenderSetup) {
    this.#setup = setup
    this.#nextSeq = setup.firstSeq
    this.#ackedSeq = setup.firstSeq
  }

  /** The number of the next new byte. */
  get nextSeq(): number {
    return this.#nextSeq
  }

  /** Whether everything up to the FIN is acknowledged. */
  get isFinished(): boolean {
    return this.#finish === 'sent' && this.#inFlight.length === 0
  }

  /** Whether something is sent and not acknowledged, or waits for the peer's window. */
  get isBusy(): boolean {
    return this.#inFlight.length > 0 || this.#queuedBytes > 0
  }

  /** Sends the first segment, which opens the connection. */
  open(kind: 'SYN' | 'SYN-ACK'): void {
    this.#send(kind, NOTHING)
    this.#arm()
  }

  /**
   * Queues a copy of the bytes.
   *
   * @returns false when the send buffer is full; `writable` is called once it is not.
   */
  write(parts: readonly (Buffer | string)[]): boolean {
    for (const part of parts) {
      const copy = Buffer.from(part as string)
      if (copy.length > 0) this.#queue.push(copy)
      this.#queuedBytes += copy.length
    }
    this.#pump()
    this.#blocked = this.#bufferedBytes > this.#setup.limits.sendBufferBytes
    return !this.#blocked
  }

  /** Drops the bytes that do not fit into the send buffer: a program that ends takes them along. */
  keepBuffered(): void {
    let room = this.#setup.limits.sendBufferBytes - (this.#nextSeq - this.#ackedSeq)
    const kept: Buffer[] = []
    for (const data of this.#queue) {
      if (room > 0) kept.push(data.subarray(0, room))
      room -= data.length
    }
    this.#queue.clear()
    this.#queuedBytes = 0
    for (const data of kept) {
      this.#queue.push(data)
      this.#queuedBytes += data.length
    }
  }

  /** Sends a FIN after the bytes written so far. */
  finish(): void {
    if (this.#finish !== 'no') return
    this.#finish = 'wanted'
    this.#pump()
  }

  /** Drops everything. */
  stop(): void {
    this.#queue.clear()
    this.#queuedBytes = 0
    this.#inFlight.clear()
    this.#inFlightBySeq.clear()
    this.#finish = 'sent'
    this.#disarm()
  }

  /** Handles the acknowledgement and the window of a segment of the peer. */
  acknowledged({ ack, window, beyondGap }: Pick<Segment, 'ack' | 'window' | 'beyondGap'>): void {
    this.#unansweredSinceMs = undefined
    if (ack > this.#nextSeq) return
    if (beyondGap !== undefined) this.#markReceived(beyondGap)
    this.#ackedSeq = Math.max(this.#ackedSeq, ack)
    let latest: Sent | undefined
    for (let sent = this.#inFlight.first; sent !== undefined; sent = this.#inFlight.first) {
      if (sent.seq + lengthOf(sent) > this.#ackedSeq) break
      this.#inFlight.shift()
      this.#inFlightBySeq.delete(sent.seq)
      latest = sent
    }
    // Those before it may have waited for a gap to be filled.
    if (latest?.received === false) this.#measure(latest)
    if (this.#inFlight.length === 0) this.#disarm()
    if (ack + window > this.#edge) {
      this.#edge = ack + window
      this.#probes = 0
    }
    this.#largestWindow = Math.max(this.#largestWindow, window)
    this.#pump()
    if (!this.#blocked || this.#bufferedBytes > this.#setup.limits.sendBufferBytes) return
    this.#blocked = false
    this.#setup.writable()
  }

  get #bufferedBytes(): number {
    return this.#queuedBytes + (this.#nextSeq - this.#ackedSeq)
  }

  #pump(): void {
    // Until the SYN is acknowledged, the window is not known.
    if (this.#edge === 0) return
    while (this.#queuedBytes > 0 && this.#isWorthSending(this.#edge - this.#nextSeq))
      this.#send('data', this.#cut(this.#edge - this.#nextSeq))
    if (this.#finish === 'wanted' && this.#queuedBytes === 0) {
      this.#finish = 'sent'
      this.#send('FIN', NOTHING)
    }
    this.#arm()
  }

  /** Avoids silly windows: waits for a window with room for a useful segment (RFC 9293 §3.8.6.2.1). */
  #isWorthSending(room: number): boolean {
    const { segmentBytes } = this.#setup.limits
    return room > 0 && room >= Math.min(segmentBytes, this.#queuedBytes, this.#largestWindow / 2)
  }

  /** TCP does not preserve boundaries: 20 % of segments have a random length, 10 % of 1 to 3 bytes. */
  #cut(capacity: number): Buffer {
    const { random, limits } = this.#setup
    const first = this.#queue.first ?? NOTHING
    const most = Math.min(capacity, limits.segmentBytes, first.length)
    const luck = limits.cuts === 'none' ? 0 : random.unit()
    const size =
      luck < 0.7 ? most : luck < 0.9 ? random.between(1, most) : Math.min(most, random.between(1, 3))
    const data = first.subarray(0, size)
    if (data.length === first.length) this.#queue.shift()
    else this.#queue.replaceFirst(first.subarray(data.length))
    this.#queuedBytes -= data.length
    return data
  }

  #send(kind: SegmentKind, data: Buffer): void {
    const { stats, time } = this.#setup
    if (kind === 'data') {
      stats.segments++
      if (data.length === 1) stats.oneByteSegments++
    }
    const nowMs = time.now()
    const sent: Sent = {
      kind,
      data,
      seq: this.#nextSeq,
      firstMs: nowMs,
      sentMs: nowMs,
      tries: 0,
      received: false,
    }
    this.#nextSeq += lengthOf(sent)
    this.#inFlight.push(sent)
    this.#inFlightBySeq.set(sent.seq, sent)
    this.#setup.transmit(kind, sent.seq, data)
    // The timer may be set for a segment that has been sent again and again.
    if (nowMs + this.#retryMs(0) < this.#timerDueMs) this.#disarm()
  }

  #markReceived(seq: number): void {
    const sent = this.#inFlightBySeq.get(seq)
    if (sent === undefined || sent.received) return
    sent.received = true
    this.#measure(sent)
  }

  /** Measures the round trip with a segment that was sent once (RFC 6298 §2 and §3). */
  #measure({ sentMs, tries }: Sent): void {
    if (tries > 0) return
    const tripMs = this.#setup.time.now() - sentMs
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = tripMs
      this.#varianceMs = tripMs / 2
      return
    }
    this.#varianceMs = 0.75 * this.#varianceMs + 0.25 * Math.abs(this.#smoothedMs - tripMs)
    this.#smoothedMs = 0.875 * this.#smoothedMs + 0.125 * tripMs
  }

  /** How long a segment waits for its acknowledgement before it is sent again. */
  #retryMs(tries: number): number {
    const measuredMs =
      this.#smoothedMs === undefined ? FIRST_RETRY_MS : this.#smoothedMs + 4 * this.#varianceMs
    const onceMs = Math.max(LEAST_RETRY_MS, measuredMs)
    return Math.min(onceMs * 2 ** tries, LONGEST_RETRY_MS)
  }

  #arm(): void {
    if (this.#timer !== undefined || !this.isBusy) return
    const delayMs = this.#inFlight.length > 0 ? this.#untilRetryMs() : this.#retryMs(this.#probes)
    this.#timerDueMs = this.#setup.time.now() + delayMs
    this.#timer = this.#setup.time.after(delayMs, () => {
      this.#timer = undefined
      if (this.#inFlight.length > 0) this.#retransmit()
      else if (this.#queuedBytes > 0) this.#probe()
      this.#arm()
    })
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #untilRetryMs(): number {
    let dueMs = Infinity
    for (const sent of this.#inFlight) if (this.#mayBeLost(sent)) dueMs = Math.min(dueMs, this.#dueMsOf(sent))
    // A smaller delay could leave the clock where it is, because of its precision.
    return Math.max(TICK_MS, dueMs - this.#setup.time.now())
  }

  /** The first one is sent again even if it was received, because the acknowledgement of it may be lost. */
  #mayBeLost(sent: Sent): boolean {
    return !sent.received || sent === this.#inFlight.first
  }

  #dueMsOf({ sentMs, tries }: Sent): number {
    return sentMs + this.#retryMs(tries)
  }

  #retransmit(): void {
    const { time, limits, stats } = this.#setup
    const nowMs = time.now()
    if (nowMs - (this.#inFlight.first?.firstMs ?? nowMs) >= limits.giveUpMs) return this.#setup.timedOut()
    for (const sent of this.#inFlight) {
      if (!this.#mayBeLost(sent) || this.#dueMsOf(sent) > nowMs + TICK_MS) continue
      sent.tries++
      sent.sentMs = nowMs
      stats.resent++
      this.#setup.transmit(sent.kind, sent.seq, sent.data)
    }
  }

  /**
   * Sends what fits into a small window after all, or asks whether the window has opened, because the segment
   * that opened it may be lost (RFC 9293 §3.8.6.1).
   */
  #probe(): void {
    const { time, limits } = this.#setup
    const room = this.#edge - this.#nextSeq
    if (room > 0) return this.#send('data', this.#cut(room))
    this.#unansweredSinceMs ??= time.now()
    if (time.now() - this.#unansweredSinceMs >= limits.giveUpMs) return this.#setup.timedOut()
    this.#probes++
    this.#setup.transmit('probe', this.#ackedSeq - 1, NOTHING)
  }
}

interface Sent {
  readonly kind: SegmentKind
  readonly data: Buffer
  readonly seq: number
  readonly firstMs: number
  sentMs: number
  tries: number
  /** Whether the peer has it, beyond a gap. */
  received: boolean
}

/** Before a round trip was measured. */
const FIRST_RETRY_MS = 1000
const LEAST_RETRY_MS = 200
const LONGEST_RETRY_MS = 60_000
const TICK_MS = 0.001
const NOTHING = Buffer.alloc(0)
