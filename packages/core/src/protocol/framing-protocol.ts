import { ByteQueue } from '../bytes/byte-queue.ts'
import { LocalProtocolError } from '../errors.ts'
import type { Replaceable } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { byteCount } from '../options/option-rules.ts'
import { isThenable } from '../safely.ts'
import type { Factory } from './factory.ts'
import { Protocol } from './protocol.ts'

/**
 * A protocol that divides its input into frames, such as lines: the base of the line and string receivers.
 *
 * While a promise that the callback of a frame returned is pending, the next frame is not delivered.
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

  /** Delivers no frame until `resumeProducing`, not even one already received. */
  pauseProducing(): void {
    this.#loop.pause()
  }

  /** Delivers again, first the frames already received. */
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
   * Takes one frame from `input` and delivers it.
   *
   * @returns false when `input` holds no whole frame; a promise when the next frame must wait for it. A result that
   *   is neither means that a frame was taken: the method is called again.
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

/** The `takeFrame` of a FramingProtocol. */
export type TakeFrame = (input: ByteQueue) => boolean | void | Promise<unknown>

/**
 * Converts what the callback of a frame returned into a result of `takeFrame`: a promise, or undefined for every
 * other value. Otherwise the loop would take the `false` of a `sendLine` that the callback returned for "no whole
 * frame".
 */
export function promiseOf(result: unknown): Promise<unknown> | undefined {
  return isThenable(result) ? Promise.resolve(result) : undefined
}

/**
 * The loop of a protocol that divides its input into frames: it runs while there are whole frames, and
 * stops between two frames when the protocol pauses, closes or gives the connection to another protocol.
 *
 * A callback may do any of these, and may start the loop again. The loop is never entered twice, so ten
 * thousand frames in one segment need no more stack than one.
 */
export class ParseLoop {
  /** The bytes received and not yet parsed. */
  readonly input: ByteQueue = new ByteQueue()
  readonly #protocol: Protocol<unknown>
  readonly #takeFrame: TakeFrame
  #stage: 'parsing' | 'stopped' | 'handed over' = 'parsing'
  #running = false
  #paused = false
  /** Whether the loop waits for the promise of a frame that the transport does not know of. */
  #waiting = false
  /** How many calls of `takeFrame` in a row have left the length of the input as it was. */
  #callsWithoutBytes = 0

  constructor(protocol: Protocol<unknown>, takeFrame: TakeFrame) {
    this.#protocol = protocol
    this.#takeFrame = takeFrame
  }

  /** Adds bytes and parses. The promise settles when all whole frames have been delivered and awaited. */
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

  /** Delivers no further frame until `resume`, and pauses the transport. */
  pause(): void {
    this.#paused = true
    this.#steerTransport()
  }

  /** Delivers again, first the frames already received. */
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
    let pending: Promise<unknown> | undefined
    try {
      pending = this.#parse()
    } finally {
      this.#running = pending !== undefined
    }
    return pending && this.#parseAfter(pending)
  }

  /**
   * Takes frame after frame, up to one that returns a promise.
   *
   * @throws {LocalProtocolError} when `takeFrame` would be called for ever, because it never returns false.
   */
  #parse(): Promise<unknown> | undefined {
    while (this.#mayGoOn()) {
      const before = this.input.length
      const taken = this.#takeFrame(this.input)
      // A frame may be empty, or a call may only switch the mode. Endless calls have no such reason.
      if (taken === false || this.input.length !== before) this.#callsWithoutBytes = 0
      else if (++this.#callsWithoutBytes > MAX_CALLS_WITHOUT_BYTES) throw this.#endlessLoop()
      if (taken === false) return undefined
      if (taken instanceof Promise) return taken
    }
    return undefined
  }

  #endlessLoop(): LocalProtocolError {
    const name = this.#protocol.constructor.name
    return new LocalProtocolError(
      `Cannot parse on: takeFrame of ${name} took no byte and did not return false, ${MAX_CALLS_WITHOUT_BYTES} times in a row`,
    )
  }

  async #parseAfter(first: Promise<unknown>): Promise<void> {
    try {
      let pending: Promise<unknown> | undefined = first
      while (pending !== undefined) {
        await pending
        pending = this.#parse()
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
/** More than a grammar needs in which a call may switch the mode, or deliver an empty frame, without taking a byte. */
const MAX_CALLS_WITHOUT_BYTES = 1000
