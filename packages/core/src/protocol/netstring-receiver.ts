import type { ByteQueue } from '../bytes/byte-queue.ts'
import type { Factory } from './factory.ts'
import { unitDelivered } from './parse-loop.ts'
import { FramingProtocol } from './unit-receiver.ts'

/**
 * A protocol of netstrings, `5:hello,`: override `stringReceived`.
 *
 * Input that is none closes the connection as soon as that is certain. While a promise that
 * `stringReceived` returned is pending, the next string waits.
 */
export abstract class NetstringReceiver<F = Factory> extends FramingProtocol<F> {
  /** Longest string accepted. Beyond it the connection is closed, before the string itself comes. */
  maxLengthBytes: number = 99_999

  /** A whole string has come. The bytes are yours. */
  abstract stringReceived(data: Buffer): unknown

  /** Sends a string. Returns as the transport's `write`. */
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
    return unitDelivered(this.stringReceived(data))
  }

  /** Reads the length and its colon; undefined when they are not whole, or are none. */
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

const COLON = 0x3a
const COMMA = 0x2c
const DIGIT_0 = 0x30
const NO_BYTES = Buffer.alloc(0)
