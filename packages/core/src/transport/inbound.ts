import { ByteQueue } from '../bytes/byte-queue.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import type { Wire } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'
import type { CurrentProtocol } from './current-protocol.ts'

/** The bound of the read-ahead, and the longest wait of an end of input. */
export type InboundLimits = Pick<TransportOptions, 'readAheadBytes' | 'departureGraceMs'>

/** The receiver of the input: the current protocol. */
export type InboundTarget = Pick<CurrentProtocol, 'deliver' | 'halfCloses'>

/** The owner of an Inbound, which it notifies. */
export interface InboundEvents {
  /** Everything was delivered, and the peer sends no more. */
  inputEnded(): void
  /** Bytes, or the end of input, are held until `pending` settles. */
  inputHeld?(pending: Promise<void>): void
  /** The end of input has waited too long, after `heldBytes` held bytes. The owner ends the connection. */
  endOverdue(heldBytes: number): void
}

/**
 * The reading side of a connection: delivers what the wire receives, in order, and pauses the wire when the
 * protocol is not ready.
 *
 * The course of the input is one union:
 *
 *     open ──FIN received──▶ ended ──all delivered──▶ finished
 *       └──────────────────────┴──close──▶ closed
 *
 * The state of the wire is another: flowing, paused, or over. A policy may also keep the wire paused.
 *
 * Bytes are held while the protocol has paused, a promise of its callback is pending, or a delivery is on the
 * stack; these three are independent. The end of input is held behind held bytes, and before a protocol that is
 * not ready and would close at it. It waits `departureGraceMs` at most, as held bytes do once the wire is over.
 */
export class Inbound {
  #wire: Wire
  readonly #limits: InboundLimits
  readonly #time: ReactorTime
  readonly #target: InboundTarget
  readonly #events: InboundEvents
  #input: 'open' | 'ended' | 'finished' | 'closed' = 'open'
  #wireIs: 'flowing' | 'paused' | 'over' = 'flowing'
  /** A queue of bytes, not of chunks: one object per chunk would let a peer that sends single bytes fill memory. */
  #held: ByteQueue | undefined
  #paused = false
  #pending: Promise<void> | undefined
  #delivering = false
  /** A policy stops reading for a while. */
  #throttled = false
  /** Created when an end of input first has to wait. */
  #grace: Deadline | undefined

  constructor(
    wire: Wire,
    limits: InboundLimits,
    time: ReactorTime,
    target: InboundTarget,
    events: InboundEvents,
  ) {
    this.#wire = wire
    this.#limits = limits
    this.#time = time
    this.#target = target
    this.#events = events
  }

  /** Whether the end of input was received and not delivered. */
  get owesEnd(): boolean {
    return this.#input === 'ended'
  }

  /** The promise of a callback that must settle before the next delivery; undefined when there is none. */
  get pending(): Promise<void> | undefined {
    return this.#pending
  }

  /** How many bytes were received and not delivered. */
  get heldBytes(): number {
    return this.#held?.length ?? 0
  }

  /** Whether nothing more is read. With a limit of 0, one chunk is. */
  get #isFull(): boolean {
    return this.heldBytes >= Math.max(1, this.#limits.readAheadBytes)
  }

  /** The wire received bytes. */
  push(data: Buffer): void {
    if (this.#input === 'closed' || data.length === 0) return
    if (this.#ready && this.heldBytes === 0) this.#deliverNow(data)
    else this.#hold(data)
    if (this.#isFull || this.#throttled) this.#pauseWire()
  }

  /** Pauses the wire for a policy, or ends that pause. Bytes received before are delivered all the same. */
  setThrottled(enabled: boolean): void {
    this.#throttled = enabled
    if (enabled) this.#pauseWire()
    else if (!this.#isFull) this.#resumeWire()
  }

  /** The wire received the peer's FIN. */
  pushEnd(): void {
    if (this.#input !== 'open') return
    this.#input = 'ended'
    this.deliverHeld()
    if (this.owesEnd && this.#pending !== undefined) this.#events.inputHeld?.(this.#pending)
  }

  /**
   * The wire has closed without an error while an end of input is held. The protocol has the grace to take what
   * is held; each delivery restarts it.
   */
  wireClosed(): void {
    this.#wireIs = 'over'
    this.#startGrace()
  }

  /** Delivers nothing until `resume`. */
  pause(): void {
    this.#paused = true
  }

  /** Ends the pause. The caller calls `deliverHeld` at the end of the turn. */
  resume(): void {
    this.#paused = false
  }

  /** Delivers nothing until `promise` settles. */
  waitFor(promise: Promise<void>): void {
    const before = this.#pending
    const all = before === undefined ? promise : Promise.all([before, promise]).then(() => undefined)
    this.#pending = all
    void all.then(() => {
      if (this.#pending !== all) return
      this.#pending = undefined
      this.deliverHeld()
    })
  }

  /** Another protocol is current: it receives `unread`, then all that is held. No promise is awaited. */
  restart(unread: Buffer | undefined): void {
    this.#paused = false
    this.#pending = undefined
    this.#grace?.clear()
    // The previous protocol has received the end of input; the new one must receive it too.
    if (this.#input === 'finished') this.#input = 'ended'
    if (unread === undefined || unread.length === 0) return
    const later = this.#held?.takeAll()
    this.#hold(unread)
    if (later !== undefined) this.#hold(later)
  }

  /** Detaches from the wire. Returns the undelivered bytes, and whether the peer's FIN was received. */
  detach(): { readonly data: Buffer | undefined; readonly ended: boolean } {
    // Whatever paused the wire, the caller reads it from now on.
    if (this.#wireIs === 'paused') this.#wire.resume()
    if (this.#wireIs !== 'over') this.#wireIs = 'flowing'
    this.#grace?.clear()
    const ended = this.#input === 'ended' || this.#input === 'finished'
    if (this.#input !== 'closed') this.#input = 'open'
    return { data: this.#held?.takeAll(), ended }
  }

  /** Reads `wire` from now on. */
  useWire(wire: Wire): void {
    this.#wire = wire
  }

  /** Delivers nothing more, and lets the wire receive what still comes. */
  close(): void {
    this.#input = 'closed'
    this.#grace?.clear()
    this.#held = undefined
    this.#resumeWire()
  }

  /** Delivers what is held, as far as the protocol is ready. */
  deliverHeld(): void {
    while (this.#ready) {
      const data = this.#held?.takeUpTo(Infinity)
      if (data === undefined) break
      if (this.#wireIs === 'over') this.#grace?.clear()
      this.#callTarget(data)
    }
    if (this.#delivering) return
    if (!this.#isFull) this.#resumeWire()
    if (this.owesEnd) this.#deliverEnd()
  }

  /** False during a delivery: a callback that switches protocols returns before the next protocol receives bytes. */
  get #ready(): boolean {
    return !this.#paused && this.#pending === undefined && !this.#delivering
  }

  #deliverEnd(): void {
    const isNext = this.heldBytes === 0
    if (isNext && (this.#ready || this.#target.halfCloses)) {
      this.#input = 'finished'
      this.#grace?.clear()
      this.#events.inputEnded()
    } else if (isNext || this.#wireIs === 'over') this.#startGrace()
  }

  #startGrace(): void {
    // An unlimited wait must not set a deadline, which would keep the process alive.
    const { departureGraceMs } = this.#limits
    if (this.#grace?.ahead || departureGraceMs === UNLIMITED_GRACE_MS) return
    this.#grace ??= new Deadline(this.#time, () => this.#events.endOverdue(this.heldBytes))
    this.#grace.set(departureGraceMs)
  }

  #hold(data: Buffer): void {
    this.#held ??= new ByteQueue()
    this.#held.push(data)
    if (this.#pending !== undefined) this.#events.inputHeld?.(this.#pending)
  }

  /** The fast path: most input is delivered as it is received, and is never queued. */
  #deliverNow(data: Buffer): void {
    this.#callTarget(data)
    if (this.heldBytes > 0 || this.owesEnd) this.deliverHeld()
  }

  #callTarget(data: Buffer): void {
    this.#delivering = true
    const promise = this.#target.deliver(data)
    this.#delivering = false
    if (promise !== undefined) this.waitFor(promise)
  }

  #pauseWire(): void {
    if (this.#wireIs !== 'flowing' || this.#input === 'closed') return
    this.#wireIs = 'paused'
    this.#wire.pause()
  }

  #resumeWire(): void {
    if (this.#wireIs !== 'paused' || (this.#throttled && this.#input !== 'closed')) return
    this.#wireIs = 'flowing'
    this.#wire.resume()
  }
}

/** The value of `departureGraceMs` for no limit. It is finite, because the option does not accept Infinity. */
export const UNLIMITED_GRACE_MS: number = Number.MAX_SAFE_INTEGER
