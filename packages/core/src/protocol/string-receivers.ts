import { counted } from '../bytes/remote-error.ts'
import type { ByteQueue } from '../bytes/byte-queue.ts'
import type { Factory } from './factory.ts'
import { FramingProtocol, promiseOf } from './framing-protocol.ts'

/**
 * A protocol of strings, each after its length as a big-endian number: override `stringReceived`.
 *
 * While a promise that `stringReceived` returned is pending, the next string is not delivered.
 */
export abstract class IntNStringReceiver<F = Factory> extends FramingProtocol<F> {
  /** Longest string accepted. Beyond it: `lengthLimitExceeded` is called, before the string itself arrives. */
  maxLengthBytes: number = 99_999
  readonly #prefixBytes: 1 | 2 | 4

  constructor(prefixBytes: 1 | 2 | 4) {
    super()
    this.#prefixBytes = prefixBytes
  }

  /** A whole string was received. You may keep the bytes. */
  abstract stringReceived(data: Buffer): unknown

  /** The announced length is too long; nothing more is parsed. Closes the connection unless overridden. */
  lengthLimitExceeded(_lengthBytes: number): unknown {
    return this.transport.loseConnection()
  }

  /**
   * Sends a string after its length. Returns what the transport's `write` returns.
   *
   * @throws {RangeError} when the string is longer than the length field can state; nothing is sent.
   */
  sendString(data: Uint8Array | string): boolean {
    const bytes = Buffer.byteLength(data)
    const most = 2 ** (8 * this.#prefixBytes) - 1
    if (bytes > most)
      throw new RangeError(`Cannot send a string of ${counted(bytes, 'byte')}: at most ${most} fit`)
    const prefix = Buffer.alloc(this.#prefixBytes)
    prefix.writeUIntBE(bytes, 0, this.#prefixBytes)
    return this.transport.writeSequence([prefix, data])
  }

  protected override takeFrame(input: ByteQueue): boolean | void | Promise<unknown> {
    const length = input.peek(this.#prefixBytes)?.readUIntBE(0, this.#prefixBytes)
    if (length === undefined) return false
    // Written so that a limit of NaN accepts no string.
    if (!(length <= this.maxLengthBytes)) {
      this.stopParsing()
      return promiseOf(this.lengthLimitExceeded(length))
    }
    if (input.length < this.#prefixBytes + length) return false
    input.skip(this.#prefixBytes)
    return promiseOf(this.stringReceived(input.takeExactly(length) ?? NO_BYTES))
  }
}

/** Receives strings after a length of one byte. */
export abstract class Int8StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  constructor() {
    super(1)
  }
}

/** Receives strings after a length of two bytes, the most significant first. */
export abstract class Int16StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  constructor() {
    super(2)
  }
}

/** Receives strings after a length of four bytes, the most significant first. */
export abstract class Int32StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  constructor() {
    super(4)
  }
}

/**
 * A protocol of netstrings, `5:hello,`: override `stringReceived`.
 *
 * The connection is closed as soon as the input cannot be a netstring. While a promise that
 * `stringReceived` returned is pending, the next string is not delivered.
 *
 * @example
 * ```ts
 * import { NetstringReceiver } from '@ropewalk/core'
 * import { StringTransport } from '@ropewalk/core/testing'
 *
 * class Shout extends NetstringReceiver {
 *   override stringReceived(data: Buffer) {
 *     this.sendString(data.toString().toUpperCase())
 *   }
 * }
 * const transport = StringTransport.connect(new Shout())
 * transport.receive('5:hello,')
 * console.log(transport.value())
 * ```
 *
 * ```text
 * 5:HELLO,
 * ```
 */
export abstract class NetstringReceiver<F = Factory> extends FramingProtocol<F> {
  /** Longest string accepted. Beyond it the connection is closed, before the string itself arrives. */
  maxLengthBytes: number = 99_999

  /** A whole string was received. You may keep the bytes. */
  abstract stringReceived(data: Buffer): unknown

  /** Sends a string. Returns what the transport's `write` returns. */
  sendString(data: Uint8Array | string): boolean {
    return this.transport.writeSequence([`${Buffer.byteLength(data)}:`, data, ','])
  }

  protected override takeFrame(input: ByteQueue): boolean | void | Promise<unknown> {
    const prefix = this.#readPrefix(input)
    if (prefix === undefined) return false
    const end = prefix.bytes + prefix.length
    const comma = input.byteAt(end)
    if (comma === undefined) return false
    if (comma !== COMMA) return this.#refuse()
    input.skip(prefix.bytes)
    const data = input.takeExactly(prefix.length) ?? NO_BYTES
    input.skip(1)
    return promiseOf(this.stringReceived(data))
  }

  /** Reads the length and its colon; undefined when they are incomplete, or invalid (then the connection is closed). */
  #readPrefix(input: ByteQueue): { readonly length: number; readonly bytes: number } | undefined {
    let length = 0
    for (let at = 0; at < input.length; at++) {
      const byte = input.byteAt(at) ?? 0
      if (byte === COLON && at > 0) return { length, bytes: at + 1 }
      const digit = byte - DIGIT_0
      const leadingZero = at > 0 && length === 0
      length = length * 10 + digit
      if (digit < 0 || digit > 9 || leadingZero || !(length <= this.maxLengthBytes)) {
        this.#refuse()
        return undefined
      }
    }
    return undefined
  }

  #refuse(): false {
    this.stopParsing()
    this.transport.loseConnection()
    return false
  }
}

const NO_BYTES = Buffer.alloc(0)
const COLON = 0x3a
const COMMA = 0x2c
const DIGIT_0 = 0x30
