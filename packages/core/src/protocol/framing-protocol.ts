import { ByteQueue } from '../bytes/byte-queue.ts'
import type { Replaceable } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { bytes } from '../options/option-rules.ts'
import type { Factory } from './factory.ts'
import { Protocol } from './protocol.ts'

/**
 * A protocol that cuts its input into units, such as lines: what the receivers below have in common.
 *
 * While a promise that a unit's callback returned is pending, the next unit waits.
 */
export abstract class FramingProtocol<F = Factory> extends Protocol<F> implements Replaceable {
  readonly #loop: ParseLoop = new ParseLoop(this, (input) => this.takeFrame(input))

  /** @throws {TypeError | RangeError} when `maxLengthBytes` is no limit. */
  override makeConnection(transport: Transport): unknown {
    if ('maxLengthBytes' in this)
      checkValue(this.constructor.name, 'maxLengthBytes', this.maxLengthBytes, MAX_LENGTH)
    return super.makeConnection(transport)
  }

  override dataReceived(data: Buffer): unknown {
    return this.#loop.receive(data)
  }

  /** Parses nothing more: what is left belongs to whoever took it. */
  protocolReplaced(): void {
    this.#loop.handOver()
  }

  /** Delivers no unit until `resumeProducing`, also of those that have come. */
  pauseProducing(): void {
    this.#loop.pause()
  }

  /** Delivers again, first the units that have come. */
  resumeProducing(): void {
    this.#loop.resume()
  }

  /** Closes the connection. */
  stopProducing(): void {
    this.transport.loseConnection()
  }

  /** Takes what has come and is not parsed, such as for the next protocol of `switchProtocol`. */
  clearBuffer(): Buffer {
    return this.#loop.input.takeAll()
  }

  /** What has come and is not parsed belongs to a handshake that begins, not to this protocol. */
  takeUnread(): Buffer {
    return this.clearBuffer()
  }

  /**
   * Takes one unit from `input` and delivers it.
   *
   * @returns false when no whole unit is there; a promise when the next unit must wait for it.
   */
  protected abstract takeFrame(input: ByteQueue): boolean | void | Promise<unknown>

  /** Puts bytes behind what has come, and parses on. */
  protected parseMore(data: Uint8Array): void {
    this.#loop.input.push(data)
    this.#loop.goOn()
  }

  /** Parses nothing more, and drops what still comes: the input is beyond hope. */
  protected stopParsing(): void {
    this.#loop.stop()
  }
}

/**
 * Takes one unit from `input` and delivers it.
 *
 * @returns false when no whole unit is there; a promise when the next unit must wait for it.
 */
export type ParseStep = (input: ByteQueue) => boolean | void | Promise<unknown>

/**
 * Converts what a unit's callback returned for the parse loop: only a thenable holds the next unit back.
 * Without it, the `false` of a `sendLine` that the callback returned would read as "no whole unit".
 */
export function unitDelivered(result: unknown): Promise<unknown> | undefined {
  const thenable =
    typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function'
  return thenable ? Promise.resolve(result) : undefined
}

/**
 * The loop of a protocol that cuts its input into units: goes on while there are whole ones, and
 * stops in between when the protocol pauses, closes or hands the connection on.
 *
 * A callback may do any of these, and may ask for the loop again: it is never entered twice, so ten
 * thousand units in one segment need no more stack than one.
 */
export class ParseLoop {
  /** What has come and is not parsed. */
  readonly input: ByteQueue = new ByteQueue()
  readonly #protocol: Protocol<unknown>
  readonly #step: ParseStep
  #stage: 'parsing' | 'stopped' | 'handed over' = 'parsing'
  #running = false
  #paused = false
  /** A unit is waited for of which the transport does not know: it was not delivered by it. */
  #waiting = false

  constructor(protocol: Protocol<unknown>, step: ParseStep) {
    this.#protocol = protocol
    this.#step = step
  }

  /** Takes bytes in. The promise settles when all units that were whole have been dealt with. */
  receive(data: Uint8Array): Promise<void> | undefined {
    if (this.#stage !== 'parsing') return undefined
    this.input.push(data)
    return this.#run()
  }

  /** Goes on outside a delivery; what goes wrong aborts the connection, as it does within one. */
  goOn(): void {
    try {
      const running = this.#run()
      if (running !== undefined) void this.#wait(running)
    } catch (error) {
      this.#protocol.transport.failConnection(error)
    }
  }

  /** Delivers no further unit until `resume`, and holds the transport back. */
  pause(): void {
    this.#paused = true
    this.#steerTransport()
  }

  /** Delivers again, first what is there. */
  resume(): void {
    this.#paused = false
    this.#steerTransport()
    this.goOn()
  }

  /** Delivers nothing more, ever, and keeps nothing that still comes. */
  stop(): void {
    if (this.#stage === 'parsing') this.#stage = 'stopped'
  }

  /** The connection is another protocol's: delivers nothing more, and leaves the transport alone. */
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

  /** Takes unit after unit, up to one that must be waited for. */
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

  /** What is waited for here holds the transport back, as a promise of `dataReceived` does. */
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

const MAX_LENGTH = bytes({ endless: true })
