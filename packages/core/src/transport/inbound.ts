import { ByteQueue } from '../bytes/byte-queue.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import type { Wire } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'

/** How far it reads ahead, and how long an end waits. */
export type InboundLimits = Pick<TransportOptions, 'readAheadBytes' | 'departureGraceMs'>

/** What receives what came in. */
export interface InboundReader {
  /** Whether it goes on after the end of input. Then it gets that at once, also while it is not ready for data. */
  readonly halfCloses: boolean
  /** @returns a promise when nothing more may come before it settles. */
  deliver(data: Buffer): Promise<void> | undefined
  /** Everything was delivered, and the peer will send no more. */
  deliverEnd(): void
  /** Bytes, or the end, are held until `pending` settles. */
  heldBack?(pending: Promise<void>): void
  /** The end has waited for too long, behind `heldBytes` that were not taken. The owner closes. */
  endOverdue(heldBytes: number): void
}

/**
 * The reading side of a transport: delivers what the wire brings, in order, as soon as the reader
 * may have it, and keeps the wire from bringing much more than that.
 *
 * A pause or a pending promise holds back bytes, and the end of input only behind bytes. An end that waits for a reader
 * that would close at it waits `departureGraceMs` at most; so does what is held once the wire has closed.
 */
export class Inbound {
  #wire: Wire
  readonly #readAheadBytes: number
  readonly #departureGraceMs: number
  readonly #time: ReactorTime
  readonly #reader: InboundReader
  /** A queue of bytes, not of pieces: a peer that sends a byte at a time must not make us hold an object for each. */
  #held: ByteQueue | undefined
  /** Where the peer's end of input is: not seen, seen behind held bytes, delivered. */
  #end: 'ahead' | 'held' | 'delivered' = 'ahead'
  #paused = false
  /** The promise of a callback that must settle before the next delivery. */
  #pending: Promise<void> | undefined
  #delivering = false
  #wirePaused = false
  /** A policy wants nothing to come for a while. */
  #throttled = false
  /** The wire has closed: what is held is all there will be. */
  #wireOver = false
  /** Made when an end first has to wait. */
  #grace: Deadline | undefined
  #closed = false

  constructor(
    wire: Wire,
    { readAheadBytes, departureGraceMs }: InboundLimits,
    time: ReactorTime,
    reader: InboundReader,
  ) {
    this.#wire = wire
    this.#readAheadBytes = readAheadBytes
    this.#departureGraceMs = departureGraceMs
    this.#time = time
    this.#reader = reader
  }

  /** Whether the end of input has come and waits behind a reader who is not ready for it. */
  get owesEnd(): boolean {
    return this.#end === 'held' && !this.#closed
  }

  /** The promise of a callback that must settle before the next delivery. */
  get pending(): Promise<void> | undefined {
    return this.#pending
  }

  /** How many bytes have come that were not delivered. */
  get heldBytes(): number {
    return this.#held?.length ?? 0
  }

  /** The wire brought bytes. */
  push(data: Buffer): void {
    if (this.#closed || data.length === 0) return
    if (this.#ready && this.heldBytes === 0) this.#deliverNow(data)
    else this.#hold(data)
    if (this.heldBytes >= this.#readAheadBytes || this.#throttled) this.#pauseWire()
  }

  /** Keeps the wire from bringing more, or lets it. What has come is delivered all the same. */
  throttle(enabled: boolean): void {
    this.#throttled = enabled
    if (enabled) this.#pauseWire()
    else if (this.heldBytes < this.#readAheadBytes) this.#openWire()
  }

  /** The wire brought the peer's end of input. */
  pushEnd(): void {
    if (this.#end !== 'ahead') return
    this.#end = 'held'
    this.deliver()
    if (this.owesEnd && this.#pending !== undefined) this.#reader.heldBack?.(this.#pending)
  }

  /** The wire has closed, without an error: the reader has the grace to take what is held, anew with each delivery. */
  awaitReader(): void {
    this.#wireOver = true
    this.#startGrace()
  }

  /** Delivers nothing until `resume`. */
  pause(): void {
    this.#paused = true
  }

  /** Lifts the pause; the caller arranges for `deliver` to be called soon. */
  resume(): void {
    this.#paused = false
  }

  /** Nothing is delivered until `promise` settles. */
  waitFor(promise: Promise<void>): void {
    const before = this.#pending
    const all = before === undefined ? promise : Promise.all([before, promise]).then(() => undefined)
    this.#pending = all
    void all.then(() => {
      if (this.#pending !== all) return
      this.#pending = undefined
      this.deliver()
    })
  }

  /** Another reader takes over: `unread` comes before all that is held, and nothing is waited for. */
  restart(unread: Buffer | undefined): void {
    this.#paused = false
    this.#pending = undefined
    this.#grace?.clear()
    // The reader before has got the end of input; the new one must get it too.
    if (this.#end === 'delivered') this.#end = 'held'
    if (unread === undefined || unread.length === 0) return
    const behind = this.#held?.takeAll()
    this.#hold(unread)
    if (behind !== undefined) this.#hold(behind)
  }

  /** Leaves the wire: hands out what it brought and nobody was given, and whether its end came too. */
  detach(): { readonly data: Buffer | undefined; readonly ended: boolean } {
    // Whatever has paused it, it is another who reads it from now on.
    if (this.#wirePaused) this.#wire.resume()
    this.#wirePaused = false
    this.#grace?.clear()
    const ended = this.#end !== 'ahead'
    this.#end = 'ahead'
    return { data: this.#held?.takeAll(), ended }
  }

  /** Reads `wire` from now on. */
  useWire(wire: Wire): void {
    this.#wire = wire
  }

  /** Delivers nothing more, and lets the wire run dry. */
  close(): void {
    this.#closed = true
    this.#grace?.clear()
    this.#held = undefined
    this.#openWire()
  }

  /** Delivers what may be delivered now. */
  deliver(): void {
    while (this.#ready) {
      const data = this.#held?.takeUpTo(Infinity)
      if (data === undefined) break
      if (this.#wireOver) this.#grace?.clear()
      this.#give(data)
    }
    if (this.#delivering) return
    if (this.heldBytes < this.#readAheadBytes) this.#openWire()
    if (this.owesEnd) this.#meetEnd()
  }

  /** A callback that switches protocols returns before the next one is given anything. */
  get #ready(): boolean {
    return !this.#paused && this.#pending === undefined && !this.#delivering
  }

  #meetEnd(): void {
    const isNext = this.heldBytes === 0
    if (isNext && (this.#ready || this.#reader.halfCloses)) {
      this.#end = 'delivered'
      this.#grace?.clear()
      this.#reader.deliverEnd()
    } else if (isNext || this.#wireOver) this.#startGrace()
  }

  #startGrace(): void {
    // A wait for ever needs no deadline, which would keep the process alive.
    if (this.#grace?.ahead || this.#departureGraceMs === Number.MAX_SAFE_INTEGER) return
    this.#grace ??= new Deadline(this.#time, () => this.#reader.endOverdue(this.heldBytes))
    this.#grace.set(this.#departureGraceMs)
  }

  #hold(data: Buffer): void {
    this.#held ??= new ByteQueue()
    this.#held.push(data)
    if (this.#pending !== undefined) this.#reader.heldBack?.(this.#pending)
  }

  /** Most of what comes is wanted as it comes, and need not be held first. */
  #deliverNow(data: Buffer): void {
    this.#give(data)
    if (this.heldBytes > 0 || this.#end === 'held') this.deliver()
  }

  #give(data: Buffer): void {
    this.#delivering = true
    const promise = this.#reader.deliver(data)
    this.#delivering = false
    if (promise !== undefined) this.waitFor(promise)
  }

  #pauseWire(): void {
    if (this.#wirePaused || this.#closed) return
    this.#wirePaused = true
    this.#wire.pause()
  }

  #openWire(): void {
    if (!this.#wirePaused || (this.#throttled && !this.#closed)) return
    this.#wirePaused = false
    this.#wire.resume()
  }
}
