import { ByteQueue } from '../bytes/byte-queue.ts'
import type { Replaceable } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { byteCount } from '../options/option-rules.ts'
import { isThenable } from '../safely.ts'
import type { Factory } from './factory.ts'
import { Protocol } from './protocol.ts'

/**
 * A protocol that cuts its input into units, such as lines: the base of the line and string receivers.
 *
 * While a promise that a unit's callback returned is pending, the next unit is not delivered.
 */
export abstract class FramingProtocol<F = Factory> extends Protocol<F> implements Replaceable {
  readonly #loop: ParseLoop = new ParseLoop(this, (input) => this.takeFrame(input))

  /** @throws {TypeError | RangeError} when `maxLengthBytes` is not a valid number of bytes. */
  override makeConnection(transport: Transport): unknown {
    if ('maxLengthBytes' in this)
      checkValue(this.constructor.name, 'maxLengthBytes', this.maxLengthBytes, MAX_LENGTH)
    return super.makeConnection(transport)
  }

  override dataReceived(data: Buffer): unknown {
    return this.#loop.receive(data)
  }

  /** Parses nothing more: the connection belongs to the next protocol. */
  protocolReplaced(): void {
    this.#loop.handOver()
  }

  /** Delivers no unit until `resumeProducing`, not even one already received. */
  pauseProducing(): void {
    this.#loop.pause()
  }

  /** Delivers again, first the units already received. */
  resumeProducing(): void {
    this.#loop.resume()
  }

  /** Closes the connection. */
  stopProducing(): void {
    this.transport.loseConnection()
  }

  /** Takes the bytes received and not yet parsed, such as for the next protocol of `switchProtocol`. */
  clearBuffer(): Buffer {
    return this.#loop.input.takeAll()
  }

  /** Returns the bytes not yet parsed: they belong to the TLS handshake that begins, not to this protocol. */
  takeUnread(): Buffer {
    return this.clearBuffer()
  }

  /**
   * Takes one unit from `input` and delivers it.
   *
   * @returns false when `input` holds no whole unit; a promise when the next unit must wait for it.
   */
  protected abstract takeFrame(input: ByteQueue): boolean | void | Promise<unknown>

  /** Adds bytes after those not yet parsed, and continues to parse. */
  protected parseMore(data: Uint8Array): void {
    this.#loop.input.push(data)
    this.#loop.goOn()
  }

  /** Parses nothing more, and drops further input: for input that cannot be parsed. */
  protected stopParsing(): void {
    this.#loop.stop()
  }
}

/**
 * Takes one unit from `input` and delivers it.
 *
 * @returns false when `input` holds no whole unit; a promise when the next unit must wait for it.
 */
export type ParseStep = (input: ByteQueue) => boolean | void | Promise<unknown>

/**
 * Converts what a unit's callback returned for the parse loop: only a thenable holds the next unit back.
 * Without it, the `false` of a `sendLine` that the callback returned would read as "no whole unit".
 */
export function unitDelivered(result: unknown): Promise<unknown> | undefined {
  return isThenable(result) ? Promise.resolve(result) : undefined
}

/**
 * The loop of a protocol that cuts its input into units: it runs while there are whole units, and
 * stops between two units when the protocol pauses, closes or gives the connection to another protocol.
 *
 * A callback may do any of these, and may start the loop again. The loop is never entered twice, so ten
 * thousand units in one segment need no more stack than one.
 */
export class ParseLoop {
  /** The bytes received and not yet parsed. */
  readonly input: ByteQueue = new ByteQueue()
  readonly #protocol: Protocol<unknown>
  readonly #step: ParseStep
  #stage: 'parsing' | 'stopped' | 'handed over' = 'parsing'
  #running = false
  #paused = false
  /** Whether the loop waits for a unit's promise that the transport does not know of. */
  #waiting = false

  constructor(protocol: Protocol<unknown>, step: ParseStep) {
    this.#protocol = protocol
    this.#step = step
  }

  /** Adds bytes and parses. The promise settles when all whole units have been delivered and awaited. */
  receive(data: Uint8Array): Promise<void> | undefined {
    if (this.#stage !== 'parsing') return undefined
    this.input.push(data)
    return this.#run()
  }

  /** Parses outside a delivery; a throw or a rejection aborts the connection, as it does within a delivery. */
  goOn(): void {
    try {
      const running = this.#run()
      if (running !== undefined) void this.#wait(running)
    } catch (error) {
      this.#protocol.transport.failConnection(error)
    }
  }

  /** Delivers no further unit until `resume`, and pauses the transport. */
  pause(): void {
    this.#paused = true
    this.#steerTransport()
  }

  /** Delivers again, first the units already received. */
  resume(): void {
    this.#paused = false
    this.#steerTransport()
    this.goOn()
  }

  /** Delivers nothing more for good, and drops the bytes received from now on. */
  stop(): void {
    if (this.#stage === 'parsing') this.#stage = 'stopped'
  }

  /** The connection belongs to another protocol: delivers nothing more, and no longer steers the transport. */
  handOver(): void {
    this.#stage = 'handed over'
  }

  #run(): Promise<void> | undefined {
    if (this.#running) return undefined
    this.#running = true
    let unit: Promise<unknown> | undefined
    try {
      unit = this.#parse()
    } finally {
      this.#running = unit !== undefined
    }
    return unit && this.#parseAfter(unit)
  }

  /** Takes unit after unit, up to one that returns a promise. */
  #parse(): Promise<unknown> | undefined {
    while (this.#mayGoOn()) {
      const taken = this.#step(this.input)
      if (taken === false) return undefined
      if (taken instanceof Promise) return taken
    }
    return undefined
  }

  async #parseAfter(first: Promise<unknown>): Promise<void> {
    try {
      let unit: Promise<unknown> | undefined = first
      while (unit !== undefined) {
        await unit
        unit = this.#parse()
      }
    } finally {
      this.#running = false
    }
  }

  /** Pauses the transport while `running` is pending, as for a promise that `dataReceived` returns. */
  async #wait(running: Promise<void>): Promise<void> {
    this.#waiting = true
    this.#steerTransport()
    try {
      await running
    } catch (error) {
      this.#protocol.transport.failConnection(error)
    }
    this.#waiting = false
    this.#steerTransport()
  }

  #steerTransport(): void {
    if (this.#stage === 'handed over') return
    const { transport } = this.#protocol
    if (this.#paused || this.#waiting) transport.pauseProducing()
    else transport.resumeProducing()
  }

  #mayGoOn(): boolean {
    return !this.#paused && this.#stage === 'parsing' && !this.#protocol.transport.disconnecting
  }
}

const MAX_LENGTH = byteCount({ endless: true })
