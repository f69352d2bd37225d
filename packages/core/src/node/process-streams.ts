import type { Readable, Writable } from 'node:stream'
import { assertBytes } from '../bytes/byte-queue.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { PullProducer, PushProducer, TransportOptions } from '../interfaces/transport.ts'
import type { WireEvents } from '../interfaces/wire.ts'
import type { Turn, TurnEnder } from '../transport/connection-registry.ts'
import { Inbound, type InboundLimits } from '../transport/inbound.ts'
import { Outbound } from '../transport/outbound.ts'
import { StreamWire } from './stream-wire.ts'

/** Who reads, and how far ahead. */
export interface ProcessReaderSetup {
  readonly turn: Turn
  readonly time: ReactorTime
  /** How far it reads ahead of a reader that is not ready. */
  readonly limits: InboundLimits
  /** @returns a promise when nothing more may come before it settles. */
  deliver(data: Buffer): Promise<void> | undefined
  /** Nothing more comes. Called once. */
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
    this.#inbound = new Inbound(this.#wire, setup.limits, setup.time, {
      // A pipe that ends closes nothing else, so a protocol that is paused can be notified.
      halfCloses: true,
      deliver: (data) => setup.deliver(data),
      deliverEnd: () => this.#lose(),
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

  /** Delivers again at the end of this turn. */
  resume(): void {
    this.#inbound.resume()
    this.#schedule()
  }

  /** Reads no more; `lost` follows. */
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
    this.#inbound.deliver()
    if (this.#wireClosed) this.#loseUnlessOwed()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#setup.turn.schedule(this)
  }

  /** A reader who is behind gets what came before it hears of the end. */
  #loseUnlessOwed(): void {
    if (!this.#inbound.owesEnd) this.#lose()
  }

  #lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.#setup.lost()
  }
}

/** Within which limits is written, and who hears what becomes of it. */
export interface ProcessWriterSetup {
  readonly turn: Turn
  readonly time: ReactorTime
  readonly limits: TransportOptions
  /** The child takes too little: the queue is at its cap, or nothing has left for too long. */
  failed(why: string): void
  /** Makes a call into a producer; what it throws goes no further. */
  callProducer(call: () => unknown): void
  /** Nothing more reaches the child. Called once. */
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

  /** Bytes that the child has not taken. */
  get bufferedBytes(): number {
    return this.#outbound.bytes
  }

  /** Queues bytes; false above the high-water mark, and when they are dropped. */
  write(data: Uint8Array | string): boolean {
    assertBytes(data)
    return this.#outbound.write(data)
  }

  /** Queues parts that belong together: all or none. */
  writeSequence(parts: Iterable<Uint8Array | string>): boolean {
    const sequence = [...parts]
    for (const part of sequence) assertBytes(part)
    return this.#outbound.writeSequence(sequence)
  }

  /** Resolves below the low-water mark, or when the pipe is gone: whether a write would be sent. */
  drained(): Promise<boolean> {
    return this.#outbound.drained()
  }

  /** Makes `producer` follow the water marks. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#outbound.registerProducer(producer, streaming)
  }

  /** The producer is done. */
  unregisterProducer(): void {
    this.#outbound.unregisterProducer()
  }

  /** Closes the pipe behind what is queued; `lost` follows. */
  close(): void {
    this.#outbound.finish()
  }

  /** Closes the pipe and drops what is queued; `lost` follows. */
  abort(): void {
    this.#outbound.stop()
    this.#wire.abort()
  }

  wireData(): void {}

  wireEnded(): void {}

  wireWritable(): void {
    this.#outbound.writable()
  }

  /** A child need not read what it is given: that its pipe broke is no fault. */
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
