import { LocalProtocolError } from '../errors.ts'
import type { RateLimit } from '../interfaces/policy.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { PullProducer, PushProducer, TransportOptions } from '../interfaces/transport.ts'
import type { Wire } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'
import { ResettableTimer } from '../time/timers.ts'
import { OutputQueue } from './output-queue.ts'

/** The owner of an Outbound, which it notifies. */
export interface OutboundOwner {
  /** There is work: the owner calls `flush` at the end of the turn. */
  outputQueued(): void
  /** Called once after `finish`, when everything queued has left and no producer is registered. */
  outputFinished(): void
  /** The peer reads too slowly: the queue is beyond its cap, or no output has left for too long. */
  outputFailed(why: string): void
  /** Makes a call into a producer, and does not throw what it throws. */
  callProducer(call: () => unknown): void
}

/** Observes the output. Its callbacks may end the connection. */
export interface OutputWatch {
  /** Everything written to the wire has left it. */
  sent(): void
  /** Output makes no progress for up to `forMs` milliseconds from now, and the peer is not the cause. */
  heldUp(forMs: number): void
  /** Our FIN was written to the wire, after all output. */
  ended(): void
}

/**
 * The writing side of a transport: the queue, its water marks, and the producer that they pause.
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
  /** Created when output first waits for the peer: an idle connection needs none. */
  #stall: Deadline | undefined
  /** The last setting of `#stall`. */
  #stallMs = 0
  #stage: 'open' | 'finishing' | 'finished' | 'stopped' = 'open'
  /** Bytes written to the wire that have not left it. */
  #inFlightBytes = 0
  #sentBytes = 0
  /** How many bytes of `#sentBytes` `#hidden` has counted. */
  #countedBytes = 0
  /** Created when more than 64 KiB were sent, or the wire is busy: an idle connection needs none. */
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

  /** Bytes queued, or written to the wire, that have not left. */
  get bytes(): number {
    return this.#queue.bytes + this.#inFlightBytes
  }

  /** Bytes written to the wire since the connection began. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Bytes written to the wire since the connection began, and bytes queued. */
  get writtenBytes(): number {
    return this.#sentBytes + this.#queue.bytes
  }

  /** Whether everything has left after `finish`. */
  get finished(): boolean {
    return this.#stage === 'finished'
  }

  /** Whether a write is sent: until `finish`, and after it as long as a producer is registered. */
  get takesWrites(): boolean {
    return this.#stage === 'open' || (this.#stage === 'finishing' && this.#producer !== undefined)
  }

  /** Limits the rate of sending from now on. `failed` is called with what a limit throws. */
  limitRate(limits: readonly RateLimit[], time: ReactorTime, failed: (error: unknown) => void): void {
    this.#rate = new ConnectionRate(limits, time, () => this.flush(), failed)
  }

  /** Calls `watch` from now on. */
  observe(watch: OutputWatch): void {
    this.#watch = watch
  }

  /** Queues bytes. @returns false above the high-water mark, and when the bytes are dropped. */
  write(data: Uint8Array | string): boolean {
    if (!this.#admits()) return false
    this.#queue.push(data)
    return this.#queued()
  }

  /** Queues all parts as one write, or drops them all. */
  writeSequence(parts: readonly (Uint8Array | string)[]): boolean {
    if (!this.#admits()) return false
    for (const part of parts) this.#queue.push(part)
    return this.#queued()
  }

  /** Writes to the wire as much as it accepts. */
  flush(): void {
    if (this.#inFlightBytes > 0) return
    this.#flushing = true
    this.#send()
    this.#relieve()
    this.#flushing = false
  }

  /**
   * Detaches from the wire; returns the unsent output, and whether the wire has not sent everything written
   * to it.
   */
  detach(): { readonly unsent: readonly (Buffer | string)[]; readonly busy: boolean } {
    const unsent = this.#queue.take(Infinity)
    const busy = this.#inFlightBytes > 0
    this.#inFlightBytes = 0
    return { unsent, busy }
  }

  /** Writes to `wire` from now on. */
  useWire(wire: Wire): void {
    this.#wire = wire
    // Output no longer waits for the previous wire, so the next flush may continue.
    this.#owner.outputQueued()
  }

  /** The wire has sent everything written to it. */
  writable(): void {
    this.#inFlightBytes = 0
    this.#progress()
    this.#watch?.sent()
    this.flush()
  }

  /** Ends the output after everything queued, and after the producer that is registered now, if any. */
  finish(): void {
    if (this.#stage !== 'open') return
    this.#stage = 'finishing'
    this.#expectProgress()
    this.#owner.outputQueued()
  }

  /**
   * Pauses and resumes `producer` at the water marks. After `finish` or `stop`, stops it at once.
   *
   * @throws {LocalProtocolError} while another producer is registered.
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

  /** Removes the producer; an end of output that waits for it continues. */
  unregisterProducer(): void {
    this.#producer = undefined
    if (this.#stage === 'finishing') this.#owner.outputQueued()
  }

  /** Unregisters the producer, if there is one, and calls its `stopProducing`. */
  stopProducer(): void {
    const producer = this.#producer?.producer
    if (producer === undefined) return
    this.unregisterProducer()
    this.#ask(() => producer.stopProducing())
  }

  /** Resolves below the low-water mark, or when stopped, with whether a write would be sent. */
  drained(): Promise<boolean> {
    if (this.bytes <= this.#options.lowWaterBytes) return Promise.resolve(this.takesWrites)
    return new Promise((resolve) => (this.#waiters ??= []).push(resolve))
  }

  /** Drops what is queued: the connection is gone or aborted. */
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
    // A producer may write from within a flush; such output is sent in the next turn.
    const early = this.#queue.bytes >= EARLY_FLUSH_BYTES && this.#inFlightBytes === 0 && !this.#flushing
    // Producers are resumed only at the end of the turn, never between two writes that belong together.
    if (early) this.#send()
    this.#owner.outputQueued()
    if (this.bytes <= this.#options.highWaterBytes) return true
    this.#pauseProducer()
    return false
  }

  #send(): void {
    while (this.#queue.bytes > 0) {
      const before = this.#queue.bytes
      const allowed = this.#rate?.available() ?? Infinity
      if (allowed <= 0) return this.#waitForRate()
      // A short rest leaves as well: a write of its own would cost as much as that of 64 KiB.
      const most = before <= HAND_OVER_BYTES + SHORT_REST_BYTES ? before : HAND_OVER_BYTES
      const open = this.#wire.write(this.#queue.take(Math.min(most, Math.ceil(allowed))))
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

  /** A rate limit of ours delays the output, so the peer is not the cause. */
  #waitForRate(): void {
    this.#stall?.clear()
    const forMs = this.#rate?.wait() ?? 0
    if (forMs > 0) this.#watch?.heldUp(forMs)
  }

  /** Progress of a peer that reads steadily is visible only when it has read the system's send buffer. */
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
      this.#owner.outputFailed(`the peer took no output for ${this.#stallMs} ms`),
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
 * An upper bound for the output that may still be in the operating system's send buffer.
 *
 * A system copies output into a send buffer, and reports free space only when a large part of the buffer is
 * free: Linux when a third of up to 4 MiB is. Until then no progress is visible, even if the peer reads
 * steadily. Output passed to the system therefore counts as buffered until a peer that reads
 * `minBytesPerSecond` would have read it.
 */
export class HiddenOutput {
  readonly #bytesPerMs: number
  #bytes = 0
  #atMs = 0
  /** How many bytes of the connection's output were counted. */
  #countedBytes = 0

  constructor(minBytesPerSecond: number) {
    this.#bytesPerMs = minBytesPerSecond / 1000
  }

  /**
   * Counts the bytes passed to the system since the last call.
   *
   * @param sentBytes Bytes passed to the system since the connection began.
   * @param mostBytes The most bytes that the send buffer can hold.
   * @param nowMs The time on a clock that stops while the event loop is blocked.
   */
  handedOver(sentBytes: number, mostBytes: number, nowMs: number): void {
    const left = Math.max(0, this.#bytes - (nowMs - this.#atMs) * this.#bytesPerMs)
    this.#bytes = Math.min(mostBytes, left + sentBytes - this.#countedBytes)
    this.#countedBytes = sentBytes
    this.#atMs = nowMs
  }

  /** Milliseconds, from the last count, that a peer at the lowest rate needs to read everything buffered. */
  get takenInMs(): number {
    return this.#bytes === 0 ? 0 : Math.ceil(this.#bytes / this.#bytesPerMs)
  }
}

/** Limits the rate of one direction of a connection to the lowest of the rates that its policies set. */
export class ConnectionRate {
  readonly #limits: readonly RateLimit[]
  readonly #time: ReactorTime
  readonly #deadline: ResettableTimer
  readonly #failed: (error: unknown) => void
  #stopped = false

  /**
   * @param again Called when bytes may pass again, after `wait`.
   * @param failed Called with what a rate throws. After that, no bytes may pass.
   */
  constructor(
    limits: readonly RateLimit[],
    time: ReactorTime,
    again: () => void,
    failed: (error: unknown) => void,
  ) {
    this.#limits = limits
    this.#time = time
    this.#deadline = new ResettableTimer(time, again)
    this.#failed = failed
  }

  /** Returns how many bytes may pass now; 0 or less when none may. */
  available(): number {
    let least = 0
    this.#ask((nowMs) => {
      least = Math.min(...this.#limits.map((limit) => limit.available(nowMs)))
    })
    return least
  }

  /** Counts bytes that have passed. */
  passed(bytes: number): void {
    this.#ask((nowMs) => {
      for (const limit of this.#limits) limit.take(bytes, nowMs)
    })
  }

  /**
   * Schedules the call of `again`.
   *
   * @returns the milliseconds until then.
   */
  wait(): number {
    let forMs = 0
    this.#ask((nowMs) => {
      forMs = Math.max(1, ...this.#limits.map((limit) => limit.waitMs(nowMs)))
      if (!this.#deadline.ahead) this.#deadline.set(forMs)
    })
    return forMs
  }

  /** The connection is gone: neither `again` nor a rate is called any more. */
  stop(): void {
    this.#stopped = true
    this.#deadline.clear()
  }

  #ask(call: (nowMs: number) => void): void {
    if (this.#stopped) return
    try {
      call(this.#time.now())
    } catch (error) {
      this.stop()
      this.#failed(error)
    }
  }
}

/** When this many bytes are queued, sending starts before the end of the turn. */
const EARLY_FLUSH_BYTES = 65_536
/** Small enough to see the progress of a slow peer, large enough to be efficient. */
const HAND_OVER_BYTES = 65_536
/** More than the headers of the frames or chunks that 64 KiB are sent in. */
const SHORT_REST_BYTES = 4096
