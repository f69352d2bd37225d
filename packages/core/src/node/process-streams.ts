import type { Readable, Writable } from 'node:stream'
import { assertBytes } from '../bytes/byte-queue.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { PullProducer, PushProducer, TransportOptions } from '../interfaces/transport.ts'
import type { WireEvents } from '../interfaces/wire.ts'
import type { Turn, TurnEnder } from '../transport/connection-registry.ts'
import { Inbound, type InboundLimits } from '../transport/inbound.ts'
import { Outbound } from '../transport/outbound.ts'
import { StreamWire } from './stream-wire.ts'

/** The limits of a reader, and its callbacks. */
export interface ProcessReaderSetup {
  readonly turn: Turn
  readonly time: ReactorTime
  /** The bounds of its read-ahead. */
  readonly limits: InboundLimits
  /** @returns a promise that holds delivery until it settles. */
  deliver(data: Buffer): Promise<void> | undefined
  /** The pipe has closed, and all its bytes are delivered or dropped. Called once. */
  lost(): void
}

/** A pipe into which a child process writes. */
export class ProcessReader implements WireEvents, TurnEnder {
  readonly #setup: ProcessReaderSetup
  readonly #wire: StreamWire
  readonly #inbound: Inbound
  #wireClosed = false
  #lost = false
  #scheduled = false

  constructor(stream: Readable, setup: ProcessReaderSetup) {
    this.#setup = setup
    this.#wire = new StreamWire({ readable: stream })
    // The end of a pipe closes nothing else, so a paused protocol can be notified of it.
    const reader = { halfCloses: true, deliver: (data: Buffer) => setup.deliver(data) }
    this.#inbound = new Inbound(this.#wire, setup.limits, setup.time, reader, {
      inputEnded: () => this.#lose(),
      endOverdue: () => this.close(),
    })
    this.#wire.attach(this)
  }

  /** Delivers nothing until `promise` settles. */
  waitFor(promise: Promise<void>): void {
    this.#inbound.waitFor(promise)
  }

  /** Delivers nothing until `resume`. */
  pause(): void {
    this.#inbound.pause()
  }

  /** Resumes delivery at the end of this turn. */
  resume(): void {
    this.#inbound.resume()
    this.#schedule()
  }

  /** Stops reading; `lost` follows. */
  close(): void {
    this.#inbound.close()
    if (this.#wireClosed) this.#schedule()
    else this.#wire.close()
  }

  wireData(data: Buffer): void {
    this.#inbound.push(data)
  }

  wireEnded(): void {
    this.#inbound.pushEnd()
  }

  wireWritable(): void {}

  wireClosed(): void {
    this.#wireClosed = true
    this.#loseUnlessOwed()
  }

  turnEnded(): void {
    this.#scheduled = false
    this.#inbound.deliverHeld()
    if (this.#wireClosed) this.#loseUnlessOwed()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#setup.turn.schedule(this)
  }

  /** While the reader is paused or held, its bytes are delivered before it is notified of the end. */
  #loseUnlessOwed(): void {
    if (!this.#inbound.owesEnd) this.#lose()
  }

  #lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.#setup.lost()
  }
}

/** The limits of a writer, and its callbacks. */
export interface ProcessWriterSetup {
  readonly turn: Turn
  readonly time: ReactorTime
  readonly limits: TransportOptions
  /** The child reads too slowly: the queue is at its cap, or no byte was sent for too long. */
  failed(why: string): void
  /** Calls a producer, and catches what it throws. */
  callProducer(call: () => unknown): void
  /** The pipe has closed. Called once. */
  lost(): void
}

/** A pipe from which a child process reads. */
export class ProcessWriter implements WireEvents, TurnEnder {
  readonly #setup: ProcessWriterSetup
  readonly #wire: StreamWire
  readonly #outbound: Outbound
  #scheduled = false

  constructor(stream: Writable, setup: ProcessWriterSetup) {
    this.#setup = setup
    this.#wire = new StreamWire({ writable: stream })
    this.#outbound = new Outbound(this.#wire, setup.limits, setup.time, {
      outputQueued: () => this.#schedule(),
      outputFinished: () => this.#wire.end(),
      outputFailed: (why) => setup.failed(why),
      callProducer: (call) => setup.callProducer(call),
    })
    this.#wire.attach(this)
  }

  /** Bytes that are queued and not sent yet. */
  get bufferedBytes(): number {
    return this.#outbound.bytes
  }

  /** Queues bytes. Returns false above the high-water mark, and when the bytes are dropped. */
  write(data: Uint8Array | string): boolean {
    assertBytes(data)
    return this.#outbound.write(data)
  }

  /** Queues all parts or none. */
  writeSequence(parts: Iterable<Uint8Array | string>): boolean {
    const sequence = [...parts]
    for (const part of sequence) assertBytes(part)
    return this.#outbound.writeSequence(sequence)
  }

  /** Resolves below the low-water mark, or when the pipe closes, with whether a write would be sent. */
  drained(): Promise<boolean> {
    return this.#outbound.drained()
  }

  /** Pauses and resumes `producer` at the water marks. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#outbound.registerProducer(producer, streaming)
  }

  /** Ends the registration of the producer. */
  unregisterProducer(): void {
    this.#outbound.unregisterProducer()
  }

  /** Closes the pipe after the queued bytes are sent; `lost` follows. */
  close(): void {
    this.#outbound.finish()
  }

  /** Closes the pipe and drops the queued bytes; `lost` follows. */
  abort(): void {
    this.#outbound.stop()
    this.#wire.abort()
  }

  wireData(): void {}

  wireEnded(): void {}

  wireWritable(): void {
    this.#outbound.writable()
  }

  /** A child need not read its input, so a broken pipe is not an error. */
  wireClosed(): void {
    this.#outbound.stop()
    this.#setup.lost()
  }

  turnEnded(): void {
    this.#scheduled = false
    this.#outbound.flush()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#setup.turn.schedule(this)
  }
}
