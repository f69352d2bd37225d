import { ByteQueue } from '../bytes/byte-queue.ts'
import type { Wire } from '../contracts/wire.ts'

/** Who receives what came in. */
export interface InboundReader {
  /** @returns a promise when nothing more may come before it settles. */
  deliver(data: Buffer): Promise<void> | undefined
  /** Everything was delivered, and the peer will send no more. */
  deliverEnd(): void
  /** Bytes, or the end, are held until `pending` settles. */
  heldBack?(pending: Promise<void>): void
}

/**
 * The reading side of a transport: delivers what the wire brings, in order, as soon as the reader
 * may have it, and keeps the wire from bringing much more than that.
 */
export class Inbound {
  #wire: Wire
  readonly #readAheadBytes: number
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
  #closed = false

  constructor(wire: Wire, readAheadBytes: number, reader: InboundReader) {
    this.#wire = wire
    this.#readAheadBytes = readAheadBytes
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
    // The end of input was told to the one before; the new reader must hear of it too.
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
    this.#held = undefined
    this.#openWire()
  }

  /** Delivers what may be delivered now. */
  deliver(): void {
    while (this.#ready) {
      const data = this.#held?.takeUpTo(Infinity)
      if (data === undefined) break
      this.#give(data)
    }
    if (this.#delivering) return
    if (this.heldBytes < this.#readAheadBytes) this.#openWire()
    if (this.#end === 'held' && this.#ready) {
      this.#end = 'delivered'
      if (!this.#closed) this.#reader.deliverEnd()
    }
  }

  /** A callback that switches protocols returns before the next one is given anything. */
  get #ready(): boolean {
    return !this.#paused && this.#pending === undefined && !this.#delivering
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
