import type { FlowLimits } from './tcp-sender.ts'
import { lengthOf, type Segment } from './segment.ts'

/** The program's side of the receive buffer. */
export interface ReceiverUser {
  /** Bytes that arrived and that the program has not read. */
  readonly unreadBytes: number
  /** Bytes arrived, in order. */
  arrived(data: Buffer): void
  /** The FIN arrived, after all bytes. */
  ended(): void
}

/** The receiving side of a TCP connection: it puts segments in order, and offers a window. */
export class TCPReceiver {
  readonly #limits: FlowLimits
  /** The segments beyond a gap. */
  readonly #beyond = new Map<number, Segment>()
  #nextSeq: number
  #edge: number
  #ended = false

  /** @param firstSeq The number of the first byte after the peer's SYN. */
  constructor(limits: FlowLimits, firstSeq: number) {
    this.#limits = limits
    this.#nextSeq = firstSeq
    this.#edge = firstSeq + limits.receiveBufferBytes
  }

  /** The number of the next byte expected. */
  get nextSeq(): number {
    return this.#nextSeq
  }

  /** Whether the peer's FIN has arrived, after all bytes. */
  get hasEnded(): boolean {
    return this.#ended
  }

  /**
   * Takes a segment with data or a FIN, and passes on what is in order.
   *
   * @returns its number when it is beyond a gap.
   */
  take(segment: Segment, user: Pick<ReceiverUser, 'arrived' | 'ended'>): number | undefined {
    if (segment.seq > this.#nextSeq) {
      this.#beyond.set(segment.seq, segment)
      return segment.seq
    }
    for (
      let next: Segment | undefined = segment;
      next !== undefined;
      next = this.#beyond.get(this.#nextSeq)
    ) {
      this.#beyond.delete(next.seq)
      // It is a segment that was sent again, although it had arrived.
      if (next.seq < this.#nextSeq) return undefined
      this.#nextSeq += lengthOf(next)
      if (next.kind === 'FIN') {
        this.#ended = true
        user.ended()
      } else user.arrived(next.data)
    }
    return undefined
  }

  /** Returns the window to offer. It never shrinks, and grows only in useful steps (RFC 9293 §3.8.6.2.2). */
  offer(user: ReceiverUser): number {
    if (this.opens(user)) this.#edge = this.#nextSeq + this.#room(user)
    return this.#edge - this.#nextSeq
  }

  /** Whether the program has read enough to offer more than at the last time. */
  opens(user: ReceiverUser): boolean {
    const { segmentBytes, receiveBufferBytes } = this.#limits
    const more = this.#nextSeq + this.#room(user) - this.#edge
    return more >= Math.min(segmentBytes, receiveBufferBytes / 2)
  }

  #room(user: ReceiverUser): number {
    return Math.max(0, this.#limits.receiveBufferBytes - user.unreadBytes)
  }
}
