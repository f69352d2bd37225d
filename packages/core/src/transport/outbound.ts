import { LocalProtocolError } from '../errors.ts'
import type { RateLimit } from '../interfaces/policy.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { PullProducer, PushProducer, TransportOptions } from '../interfaces/transport.ts'
import type { Wire } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'
import { ConnectionRate } from './connection-rate.ts'
import { OutputQueue } from './output-queue.ts'

/** Who is told what becomes of the output. */
export interface OutboundOwner {
  /** There is something to do: call `flush` at the end of the turn. */
  outputQueued(): void
  /** After `finish`, once: all that was queued has left, and no producer is registered. */
  outputFinished(): void
  /** The peer takes too little: the queue is at its cap, or nothing has left for too long. */
  outputFailed(why: string): void
  /** Makes a call into a producer; what it throws goes no further. */
  callProducer(call: () => unknown): void
}

/** Observes the output on its way; what it calls may end the connection. */
export interface OutputWatch {
  /** All that was handed to the wire has left it. */
  sent(): void
  /** Output waits, and for `forMs` from now that is no fault of the peer's. */
  heldUp(forMs: number): void
  /** Our end was handed to the wire after all output. */
  ended(): void
}

/**
 * The writing side of a transport: the queue, its water marks, and the producer that obeys them.
 *
 *     open ──finish──▶ finishing ──all has left, no producer──▶ finished
 *       └────────────────┴──stop──▶ stopped
 */
export class Outbound {
  #wire: Wire
  readonly #options: TransportOptions
  readonly #owner: OutboundOwner
  readonly #queue = new OutputQueue()
  readonly #time: ReactorTime
  /** Made when something first waits for the peer: an idle connection needs none. */
  #stall: Deadline | undefined
  /** What `#stall` was last set to. */
  #stallMs = 0
  #stage: 'open' | 'finishing' | 'finished' | 'stopped' = 'open'
  /** Bytes handed to the wire that have not left it. */
  #inFlightBytes = 0
  #sentBytes = 0
  /** Bytes of them that `#hidden` has counted. */
  #countedBytes = 0
  /** Made once more was sent than a little: an idle connection needs none. */
  #hidden: HiddenOutput | undefined
  #watch: OutputWatch | undefined
  #flushing = false
  #producer: Producer | undefined
  #rate: ConnectionRate | undefined
  #waiters: ((goOn: boolean) => void)[] | undefined

  constructor(wire: Wire, options: TransportOptions, time: ReactorTime, owner: OutboundOwner) {
    this.#wire = wire
    this.#options = options
    this.#owner = owner
    this.#time = time
  }

  /** Bytes queued or handed over that have not left. */
  get bytes(): number {
    return this.#queue.bytes + this.#inFlightBytes
  }

  /** Bytes handed to the wire since the beginning. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Whether all has left, and nothing can follow. */
  get finished(): boolean {
    return this.#stage === 'finished'
  }

  /** Whether what is written is sent: until the end is wanted, and behind that what a registered producer gives. */
  get takesWrites(): boolean {
    return this.#stage === 'open' || (this.#stage === 'finishing' && this.#producer !== undefined)
  }

  /** Sends no faster than `limits` allow, from now on. */
  limitRate(limits: readonly RateLimit[], time: ReactorTime, failed: (error: unknown) => void): void {
    this.#rate = new ConnectionRate(limits, time, () => this.flush(), failed)
  }

  /** Notifies `watch` of what becomes of the output from now on. */
  observe(watch: OutputWatch): void {
    this.#watch = watch
  }

  /** Queues bytes; false above the high-water mark, and when they are dropped. */
  write(data: Uint8Array | string): boolean {
    if (!this.#admits()) return false
    this.#queue.push(data)
    return this.#queued()
  }

  /** Queues parts that belong together: all or none. */
  writeSequence(parts: readonly (Uint8Array | string)[]): boolean {
    if (!this.#admits()) return false
    for (const part of parts) this.#queue.push(part)
    return this.#queued()
  }

  /** Hands over to the wire what it will take. */
  flush(): void {
    if (this.#inFlightBytes > 0) return
    this.#flushing = true
    this.#send()
    this.#relieve()
    this.#flushing = false
  }

  /** Leaves the wire: hands out what it was not handed, and whether it is busy with what it was. */
  detach(): { readonly unsent: readonly (Buffer | string)[]; readonly busy: boolean } {
    const unsent = this.#queue.take(Infinity)
    const busy = this.#inFlightBytes > 0
    this.#inFlightBytes = 0
    return { unsent, busy }
  }

  /** Writes to `wire` from now on. */
  useWire(wire: Wire): void {
    this.#wire = wire
    // Nothing waits any more for the wire before: who waited for it goes on.
    this.#owner.outputQueued()
  }

  /** The wire has sent what it was handed. */
  writable(): void {
    this.#inFlightBytes = 0
    this.#progress()
    this.#watch?.sent()
    this.flush()
  }

  /** No more will be queued, but by a producer that is registered now. */
  finish(): void {
    if (this.#stage !== 'open') return
    this.#stage = 'finishing'
    this.#expectProgress()
    this.#owner.outputQueued()
  }

  /**
   * Makes `producer` follow the water marks; once no more can be queued, it is stopped at once.
   *
   * @throws {LocalProtocolError} while another is registered.
   */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#producer !== undefined) {
      throw new LocalProtocolError('Cannot register a producer while another is registered')
    }
    if (this.#stage !== 'open') return this.#ask(() => producer.stopProducing())
    // The overloads of registerProducer tie the flag to the kind.
    this.#producer = streaming
      ? { kind: 'push', producer: producer as PushProducer, paused: false }
      : { kind: 'pull', producer, asked: false }
    if (!streaming) this.#askForMore()
    else if (this.bytes > this.#options.highWaterBytes) this.#pauseProducer()
  }

  /** The producer is done; what waited for it goes on. */
  unregisterProducer(): void {
    this.#producer = undefined
    if (this.#stage === 'finishing') this.#owner.outputQueued()
  }

  /** Stops the producer, if there is one, and unregisters it. */
  stopProducer(): void {
    const producer = this.#producer?.producer
    if (producer === undefined) return
    this.unregisterProducer()
    this.#ask(() => producer.stopProducing())
  }

  /** Resolves below the low-water mark, or once stopped: whether a write would be sent. */
  drained(): Promise<boolean> {
    if (this.bytes <= this.#options.lowWaterBytes) return Promise.resolve(this.takesWrites)
    return new Promise((resolve) => (this.#waiters ??= []).push(resolve))
  }

  /** The connection is gone, or going without what is queued. */
  stop(): void {
    this.#stage = 'stopped'
    this.#queue.clear()
    this.#inFlightBytes = 0
    this.#stall?.clear()
    this.#rate?.stop()
    this.stopProducer()
    this.#wake()
  }

  /** The cap is checked before a write, so that one large write does not fail on its own. */
  #admits(): boolean {
    if (!this.takesWrites) return false
    const { maxBufferedBytes } = this.#options
    if (this.bytes <= maxBufferedBytes) return true
    this.#owner.outputFailed(`more than ${maxBufferedBytes} bytes wait for the peer`)
    return false
  }

  #queued(): boolean {
    if (this.#producer?.kind === 'pull') this.#producer.asked = false
    // A producer that writes when asked does so within a flush; what it gives belongs to the next turn.
    const early = this.#queue.bytes >= EARLY_FLUSH_BYTES && this.#inFlightBytes === 0 && !this.#flushing
    // Producers are asked at the end of the turn only: never between two writes that belong together.
    if (early) this.#send()
    this.#owner.outputQueued()
    if (this.bytes <= this.#options.highWaterBytes) return true
    this.#pauseProducer()
    return false
  }

  #send(): void {
    while (this.#queue.bytes > 0) {
      const before = this.#queue.bytes
      const allowed = this.#rate?.available() ?? HAND_OVER_BYTES
      if (allowed <= 0) return this.#waitForRate()
      const open = this.#wire.write(this.#queue.take(Math.min(HAND_OVER_BYTES, Math.ceil(allowed))))
      const sent = before - this.#queue.bytes
      this.#sentBytes += sent
      this.#rate?.passed(sent)
      if (!open) {
        this.#inFlightBytes = sent
        return this.#waitForPeer()
      }
      if (this.#sentBytes - this.#countedBytes >= HAND_OVER_BYTES) this.#count()
      this.#progress()
      this.#watch?.sent()
    }
  }

  /** Our own rate holds it up: no fault of the peer's. */
  #waitForRate(): void {
    this.#stall?.clear()
    const forMs = this.#rate?.wait() ?? 0
    if (forMs > 0) this.#watch?.heldUp(forMs)
  }

  /** A peer that reads steadily shows progress only once it has taken what the system holds. */
  #waitForPeer(): void {
    this.#count()
    const graceMs = this.#hidden?.takenInMs ?? 0
    this.#stallIn(this.#options.writeStallMs + graceMs)
    if (graceMs > 0) this.#watch?.heldUp(graceMs)
  }

  #count(): void {
    this.#countedBytes = this.#sentBytes
    const { hiddenBytes } = this.#wire
    if (hiddenBytes === undefined) return
    this.#hidden ??= new HiddenOutput(this.#options.minBytesPerSecond)
    this.#hidden.handedOver(this.#sentBytes, hiddenBytes, this.#time.deadlines.now())
  }

  #relieve(): void {
    if (this.bytes > this.#options.lowWaterBytes) return
    this.#wake()
    this.#askForMore()
    if (this.bytes > 0) return
    if (this.#stage === 'open') this.#stall?.clear()
    if (this.#stage === 'finishing' && this.#producer !== undefined) this.#expectProgress()
    if (this.#stage === 'finishing' && this.#producer === undefined) {
      this.#stage = 'finished'
      this.#stall?.clear()
      this.#owner.outputFinished()
      this.#watch?.ended()
    }
  }

  #wake(): void {
    const waiters = this.#waiters
    if (waiters === undefined) return
    this.#waiters = undefined
    for (const resolve of waiters) resolve(this.takesWrites)
  }

  #askForMore(): void {
    const producer = this.#producer
    if (producer?.kind === 'pull' && !producer.asked && this.bytes === 0) {
      producer.asked = true
      this.#ask(() => producer.producer.resumeProducing())
    }
    if (producer?.kind === 'push' && producer.paused) {
      producer.paused = false
      this.#ask(() => producer.producer.resumeProducing())
    }
  }

  #pauseProducer(): void {
    const producer = this.#producer
    if (producer?.kind !== 'push' || producer.paused) return
    producer.paused = true
    this.#ask(() => producer.producer.pauseProducing())
  }

  #ask(call: () => unknown): void {
    this.#owner.callProducer(call)
  }

  #expectProgress(): void {
    if (this.#stall?.ahead !== true) this.#stallIn(this.#options.writeStallMs)
  }

  #stallIn(delayMs: number): void {
    this.#stall ??= new Deadline(this.#time, () =>
      this.#owner.outputFailed(`nothing left for ${this.#stallMs} ms`),
    )
    this.#stallMs = delayMs
    this.#stall.set(delayMs)
  }

  #progress(): void {
    if (this.#stall?.ahead === true) this.#stallIn(this.#options.writeStallMs)
  }
}

type Producer =
  | { readonly kind: 'push'; readonly producer: PushProducer; paused: boolean }
  | { readonly kind: 'pull'; readonly producer: PullProducer; asked: boolean }

/**
 * The most that a peer may still have to take of what a connection has sent before the operating system shows it.
 *
 * A system takes output into a buffer of its own and reports room only once a good part of it is free: Linux when a third
 * of up to 4 MiB is. Until then a peer that reads steadily shows no progress. What was handed over therefore counts as
 * held until a peer that takes `minBytesPerSecond` would have taken it.
 */
export class HiddenOutput {
  readonly #bytesPerMs: number
  #bytes = 0
  #atMs = 0
  /** Bytes of the connection's output that were counted. */
  #countedBytes = 0

  constructor(minBytesPerSecond: number) {
    this.#bytesPerMs = minBytesPerSecond / 1000
  }

  /**
   * Counts what was handed over since the last call.
   *
   * @param sentBytes Bytes handed over since the connection began.
   * @param mostBytes The most that can be held.
   * @param nowMs On a clock that stands still while the event loop does.
   */
  handedOver(sentBytes: number, mostBytes: number, nowMs: number): void {
    const left = Math.max(0, this.#bytes - (nowMs - this.#atMs) * this.#bytesPerMs)
    this.#bytes = Math.min(mostBytes, left + sentBytes - this.#countedBytes)
    this.#countedBytes = sentBytes
    this.#atMs = nowMs
  }

  /** Milliseconds, from the last count, in which a peer at the lowest rate takes all that is held. */
  get takenInMs(): number {
    return this.#bytes === 0 ? 0 : Math.ceil(this.#bytes / this.#bytesPerMs)
  }
}

/** A turn that writes more than this starts to send before it is over. */
const EARLY_FLUSH_BYTES = 65_536
/** Small enough that a slow peer's progress shows, large enough to cost nothing. */
const HAND_OVER_BYTES = 65_536
