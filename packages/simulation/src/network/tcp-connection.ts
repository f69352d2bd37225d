import type { Random } from '../random.ts'
import type { MachineTime, MachineTimer } from '../time/machine-time.ts'
import type { NetworkStats } from './network-stats.ts'
import { type Endpoint, lengthOf, pairOf, type Segment, type SegmentKind } from './segment.ts'
import { TCPReceiver, type ReceiverUser } from './tcp-receiver.ts'
import { type FlowLimits, TCPSender } from './tcp-sender.ts'

/** The program's end of a connection, as its operating system calls it. */
export interface TCPUser extends ReceiverUser {
  /** The handshake is complete. */
  established(): void
  /** The send buffer has room again, after a `write` that returned false. */
  writable(): void
  /** The connection, or the attempt to connect, broke. Nothing is called after it. */
  broken(code: 'ECONNREFUSED' | 'ECONNRESET' | 'ETIMEDOUT'): void
}

/** The operating system that a connection belongs to. */
export interface ConnectionSystem {
  readonly time: MachineTime
  readonly limits: FlowLimits
  readonly stats: NetworkStats
  /** Sends a segment to the peer of the connection. */
  transmit(segment: Segment): void
  /** A piece of the stream, or its end, was received in order. */
  delivered(connection: TCPConnection, what: Buffer | 'end' | 'reset'): void
  /** Forgets the connection. */
  forget(connection: TCPConnection): void
  /** Forgets the connection after a while: it only replies to segments that are sent again. */
  forgetLater(connection: TCPConnection): void
}

/** The constructor arguments of `TCPConnection`. */
export interface ConnectionSetup {
  readonly system: ConnectionSystem
  readonly random: Random
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly user: TCPUser
}

/**
 * One end of a TCP connection, in the operating system of one machine (RFC 9293). It shares nothing with the
 * other end: only segments pass between them.
 */
export class TCPConnection {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Whether this end sent the SYN. */
  readonly isClient: boolean
  readonly #system: ConnectionSystem
  readonly #sender: TCPSender
  #user: TCPUser
  #receiver: TCPReceiver | undefined
  #stage: 'SYN-SENT' | 'SYN-RECEIVED' | 'ESTABLISHED' | 'CLOSED' = 'SYN-SENT'
  /** Whether the program has closed its descriptor. */
  #isOrphan = false
  /** Whether a segment that arrived is still to be acknowledged. */
  #acknowledge = false
  #beyondGap: number | undefined
  #keepAliveMs: number | undefined
  #keepAlive: MachineTimer | undefined
  #heardMs = 0
  #unanswered = 0

  /** @param syn The SYN received, for a connection that a peer opens. Without it, this end opens one. */
  constructor({ system, random, local, remote, user }: ConnectionSetup, syn?: Segment) {
    this.#system = system
    this.local = local
    this.remote = remote
    this.isClient = syn === undefined
    this.#user = user
    const { limits, stats, time } = system
    this.#sender = new TCPSender({
      limits,
      stats,
      time,
      random,
      firstSeq: random.between(1, MOST_FIRST_SEQ),
      transmit: (kind, seq, data) => this.#transmit(kind, seq, data),
      timedOut: () => this.#break('ETIMEDOUT'),
      writable: () => this.#user.writable(),
    })
    if (syn === undefined) return
    this.#stage = 'SYN-RECEIVED'
    this.#receiver = new TCPReceiver(limits, syn.seq + 1)
  }

  /** Sends the first segment. */
  open(): void {
    this.#sender.open(this.isClient ? 'SYN' : 'SYN-ACK')
  }

  /** The key of this end. */
  get pair(): string {
    return pairOf(this.local, this.remote)
  }

  /** The number of the byte that the peer is expected to send next. */
  get expectedSeq(): number {
    return this.#receiver?.nextSeq ?? 0
  }

  /** Queues a copy of the bytes. @returns false when the send buffer is full; `writable` is called later. */
  write(parts: readonly (Buffer | string)[]): boolean {
    return this.#stage === 'CLOSED' ? true : this.#sender.write(parts)
  }

  /** Sends a FIN after the bytes written so far. */
  finish(): void {
    if (this.#stage !== 'CLOSED') this.#sender.finish()
  }

  /**
   * The program closes its descriptor. What is in the send buffer is still sent, then a FIN; but unread bytes,
   * and bytes that arrive later, are replied to with a RST (RFC 2525 §2.17).
   */
  close(): void {
    if (this.#stage === 'CLOSED') return
    if (this.#stage === 'SYN-SENT') return this.#closed()
    if (this.#stage === 'SYN-RECEIVED' || this.#user.unreadBytes > 0) return this.abort()
    this.#user = this.#orphan()
    this.#isOrphan = true
    this.#stopKeepAlive()
    this.#sender.keepBuffered()
    this.#sender.finish()
    this.#finished()
  }

  /** Sends a RST and drops everything. */
  abort(): void {
    if (this.#stage === 'CLOSED') return
    this.#system.stats.resets++
    const { nextSeq } = this.#sender
    if (this.#stage !== 'SYN-SENT') this.#transmit('RST', nextSeq, NOTHING)
    this.#closed()
  }

  /** The program has read bytes: a larger window is offered to a peer that may wait for it. */
  hasRead(): void {
    if (this.#stage === 'ESTABLISHED' && this.#receiver?.opens(this.#user) === true) this.#sendACK()
  }

  /** Sets whether a silent peer is probed, first after `initialDelayMs`, or two hours for 0. */
  setKeepAlive(enabled: boolean, initialDelayMs: number): void {
    this.#stopKeepAlive()
    this.#keepAliveMs = enabled ? initialDelayMs || USUAL_KEEP_ALIVE_MS : undefined
    this.#heardMs = this.#system.time.now()
    this.#armKeepAlive()
  }

  /** Handles a segment from the peer, or one that claims to be. */
  receive(segment: Segment): void {
    this.#heardMs = this.#system.time.now()
    this.#unanswered = 0
    if (this.#stage === 'SYN-SENT') return this.#receiveReply(segment)
    if (this.#stage === 'CLOSED') return
    if (segment.kind === 'RST') return this.#receiveReset(segment)
    if (segment.kind === 'SYN' || segment.kind === 'SYN-ACK') return this.#receiveSecondSYN(segment)
    this.#sender.acknowledged(segment)
    this.#establish()
    if (segment.kind === 'probe') this.#acknowledge = true
    else if (lengthOf(segment) > 0) this.#receiveBytes(segment)
    this.#finished()
    if (this.#acknowledge && this.#isUp) this.#sendACK()
  }

  get #isUp(): boolean {
    return this.#stage !== 'CLOSED'
  }

  get isEstablished(): boolean {
    return this.#stage === 'ESTABLISHED'
  }

  /** A device on the network sends a RST to this end, as if it came from the peer. */
  resetByNetwork(): void {
    if (!this.isEstablished) return
    this.#system.stats.resets++
    this.#break('ECONNRESET')
  }

  #receiveReply(segment: Segment): void {
    const { kind, seq, ack } = segment
    const isReply = ack === this.#sender.nextSeq
    if (kind === 'RST') {
      if (isReply) this.#break('ECONNREFUSED')
    } else if (kind !== 'SYN' && !isReply) {
      // The peer still has an old connection of these two ends (RFC 9293 §3.5.1).
      this.#transmit('RST', ack, NOTHING)
    } else if (kind === 'SYN-ACK') {
      this.#receiver = new TCPReceiver(this.#system.limits, seq + 1)
      this.#stage = 'ESTABLISHED'
      this.#acknowledge = true
      this.#system.stats.connections++
      this.#sender.acknowledged(segment)
      this.#user.established()
      if (this.#acknowledge && this.#isUp) this.#sendACK()
    }
  }

  /** A RST counts only with the number expected; others are asked about (RFC 5961 §3). */
  #receiveReset({ seq }: Segment): void {
    if (seq > this.expectedSeq) this.#sendACK()
    if (seq === this.expectedSeq) this.#break('ECONNRESET')
  }

  /** The peer has not received the reply to its SYN, or has lost its memory (RFC 5961 §4). */
  #receiveSecondSYN({ kind, seq }: Segment): void {
    const isAgain = kind === 'SYN' && seq + 1 === this.expectedSeq
    if (this.#stage === 'SYN-RECEIVED' && isAgain)
      this.#transmit('SYN-ACK', this.#sender.nextSeq - 1, NOTHING)
    else this.#sendACK()
  }

  #establish(): void {
    if (this.#stage !== 'SYN-RECEIVED' || this.#sender.isBusy) return
    this.#stage = 'ESTABLISHED'
    this.#user.established()
  }

  #receiveBytes(segment: Segment): void {
    this.#acknowledge = true
    if (this.#stage !== 'ESTABLISHED') return
    this.#beyondGap = this.#receiver?.take(segment, this.#deliver)
  }

  /** Passes on what is received in order, and reports it to the system first. */
  readonly #deliver: Pick<ReceiverUser, 'arrived' | 'ended'> = {
    arrived: (data) => {
      // The program may have sent something since the piece before this one.
      this.#acknowledge = true
      this.#system.delivered(this, data)
      this.#user.arrived(data)
    },
    ended: () => {
      this.#acknowledge = true
      this.#system.delivered(this, 'end')
      this.#user.ended()
    },
  }

  #sendACK(): void {
    this.#transmit('ACK', this.#sender.nextSeq, NOTHING)
  }

  #transmit(kind: SegmentKind, seq: number, data: Buffer): void {
    this.#acknowledge = false
    this.#system.transmit({
      from: this.local,
      to: this.remote,
      kind,
      seq,
      data,
      ack: this.expectedSeq,
      window: this.#receiver?.offer(this.#user) ?? 0,
      beyondGap: this.#beyondGap,
    })
    this.#beyondGap = undefined
  }

  #break(code: 'ECONNREFUSED' | 'ECONNRESET' | 'ETIMEDOUT'): void {
    if (code === 'ECONNRESET') this.#system.delivered(this, 'reset')
    const user = this.#user
    this.#closed()
    user.broken(code)
  }

  /** Ends once both sides have finished, and for a program that has closed its end. */
  #finished(): void {
    if (this.#stage === 'CLOSED' || !this.#sender.isFinished) return
    if (this.#receiver?.hasEnded !== true && !this.#isOrphan) return
    this.#stopKeepAlive()
    this.#system.forgetLater(this)
  }

  #closed(): void {
    this.#stage = 'CLOSED'
    this.#stopKeepAlive()
    this.#sender.stop()
    this.#system.forget(this)
  }

  /** Takes the place of a program that has closed its descriptor. */
  #orphan(): TCPUser {
    return {
      unreadBytes: 0,
      arrived: () => this.abort(),
      ended: ignore,
      established: ignore,
      writable: ignore,
      broken: ignore,
    }
  }

  #armKeepAlive(): void {
    if (this.#keepAliveMs === undefined || this.#stage === 'CLOSED') return
    const silentMs = this.#system.time.now() - this.#heardMs
    const delayMs = this.#unanswered > 0 ? PROBE_EVERY_MS : Math.max(1, this.#keepAliveMs - silentMs)
    this.#keepAlive = this.#system.time.after(delayMs, () => this.#keepAliveDue())
  }

  #keepAliveDue(): void {
    const silentMs = this.#system.time.now() - this.#heardMs
    // What is sent and not acknowledged is sent again anyway.
    if (silentMs >= (this.#keepAliveMs ?? Infinity) && !this.#sender.isBusy) {
      if (this.#unanswered >= MOST_UNANSWERED) return this.#break('ETIMEDOUT')
      this.#unanswered++
      this.#transmit('probe', this.#sender.nextSeq - 1, NOTHING)
    }
    this.#armKeepAlive()
  }

  #stopKeepAlive(): void {
    this.#keepAlive?.cancel()
    this.#keepAlive = undefined
    this.#keepAliveMs = undefined
  }
}

function ignore(): void {}

const NOTHING = Buffer.alloc(0)
const MOST_FIRST_SEQ = 2 ** 31
/** As libuv sets them. */
const PROBE_EVERY_MS = 1000
const MOST_UNANSWERED = 10
/** As Linux does when no delay is set. */
const USUAL_KEEP_ALIVE_MS = 7_200_000
