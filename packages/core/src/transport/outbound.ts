import type { DelayedCall, ReactorTime } from '../contracts/reactor.ts'
import type { PullProducer, PushProducer } from '../contracts/producer.ts'
import { LocalProtocolError } from '../errors.ts'
import { OutputQueue } from './output-queue.ts'
import type { TransportOptions } from './transport-options.ts'
import type { Wire } from './wire.ts'

/** Who is told what becomes of the output. */
export interface OutboundOwner {
  /** Something is queued: call `flush` at the end of the turn. */
  outputQueued(): void
  /** All that was queued has left, and no producer is registered. */
  outputFinished(): void
  /** The peer takes too little: the queue is at its cap, or nothing has left for too long. */
  outputFailed(why: string): void
  /** A producer threw. */
  producerFailed(error: unknown): void
}

/** The writing side of a transport: the queue, its water marks, and the producer that obeys them. */
export class Outbound {
  readonly #wire: Wire
  readonly #options: TransportOptions
  readonly #time: ReactorTime
  readonly #owner: OutboundOwner
  readonly #queue = new OutputQueue()
  /** Bytes handed to the wire that have not left it. */
  #inFlightBytes = 0
  #producer: Producer | undefined
  #waiters: ((goOn: boolean) => void)[] = []
  #stall: DelayedCall | undefined
  #finishing = false
  #stopped = false

  constructor(wire: Wire, options: TransportOptions, time: ReactorTime, owner: OutboundOwner) {
    this.#wire = wire
    this.#options = options
    this.#time = time
    this.#owner = owner
  }

  /** Bytes queued or handed over that have not left. */
  get bytes(): number {
    return this.#queue.bytes + this.#inFlightBytes
  }

  /** Whether nothing is left to send, now or from a producer. */
  get finished(): boolean {
    return this.bytes === 0 && this.#producer === undefined
  }

  get hasProducer(): boolean {
    return this.#producer !== undefined
  }

  /** Queues bytes; false above the high-water mark. */
  write(data: Uint8Array | string): boolean {
    this.#queue.push(data)
    if (this.#producer?.kind === 'pull') this.#producer.asked = false
    if (this.bytes > this.#options.maxBufferedBytes) {
      this.#owner.outputFailed(`more than ${this.#options.maxBufferedBytes} bytes wait for the peer`)
      return false
    }
    if (this.#queue.bytes >= EARLY_FLUSH_BYTES && this.#inFlightBytes === 0) this.flush()
    else this.#owner.outputQueued()
    if (this.bytes <= this.#options.highWaterBytes) return true
    this.#pauseProducer()
    return false
  }

  /** Hands over to the wire what it will take. */
  flush(): void {
    if (this.#inFlightBytes > 0 || this.#stopped) return
    while (this.#queue.bytes > 0) {
      const before = this.#queue.bytes
      const parts = this.#queue.take(HAND_OVER_BYTES)
      if (!this.#wire.write(parts)) {
        this.#inFlightBytes = before - this.#queue.bytes
        this.#expectProgress()
        break
      }
    }
    this.#relieve()
  }

  /** The wire has sent what it was handed. */
  writable(): void {
    this.#inFlightBytes = 0
    this.#stall?.reset(this.#options.writeStallMs)
    this.flush()
  }

  /** No more will be queued but by the producer: the output fails when nothing leaves for too long. */
  finish(): void {
    this.#finishing = true
    this.#expectProgress()
  }

  #expectProgress(): void {
    this.#stall ??= this.#time.callLater(this.#options.writeStallMs, () => {
      this.#stall = undefined
      this.#owner.outputFailed(`the peer took nothing for ${this.#options.writeStallMs} ms`)
    })
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#producer !== undefined) {
      throw new LocalProtocolError('Cannot register a producer while another is registered')
    }
    if (this.#stopped) return this.#ask(() => producer.stopProducing())
    // The overloads of registerProducer tie the flag to the kind.
    this.#producer = streaming
      ? { kind: 'push', producer: producer as PushProducer, paused: false }
      : { kind: 'pull', producer, asked: false }
    if (!streaming) this.#askForMore()
    else if (this.bytes > this.#options.highWaterBytes) this.#pauseProducer()
  }

  unregisterProducer(): void {
    if (this.#producer === undefined) return
    this.#producer = undefined
    if (this.finished) this.#owner.outputQueued()
  }

  /** Resolves below the low-water mark with true, or false once stopped. */
  drained(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false)
    if (this.bytes <= this.#options.lowWaterBytes) return Promise.resolve(true)
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** The connection is gone, or going without what is queued. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#queue.clear()
    this.#inFlightBytes = 0
    this.#cancelStall()
    const producer = this.#producer?.producer
    this.#producer = undefined
    if (producer !== undefined) this.#ask(() => producer.stopProducing())
    for (const resolve of this.#waiters.splice(0)) resolve(false)
  }

  #relieve(): void {
    if (this.bytes > this.#options.lowWaterBytes) return
    for (const resolve of this.#waiters.splice(0)) resolve(true)
    this.#askForMore()
    if (this.finished || (this.bytes === 0 && !this.#finishing)) this.#cancelStall()
    if (this.finished) this.#owner.outputFinished()
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

  #ask(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#owner.producerFailed(error)
    }
  }

  #cancelStall(): void {
    this.#stall?.cancel()
    this.#stall = undefined
  }
}

type Producer =
  | { readonly kind: 'push'; readonly producer: PushProducer; paused: boolean }
  | { readonly kind: 'pull'; readonly producer: PullProducer; asked: boolean }

/** A turn that writes more than this starts to send before it is over. */
const EARLY_FLUSH_BYTES = 65_536
/** Small enough that a slow peer's progress shows, large enough to cost nothing. */
const HAND_OVER_BYTES = 262_144
