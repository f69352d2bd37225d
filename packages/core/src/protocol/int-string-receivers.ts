import type { ByteQueue } from '../bytes/byte-queue.ts'
import type { Factory } from './factory.ts'
import { unitDelivered } from './parse-loop.ts'
import { FramingProtocol } from './unit-receiver.ts'

/**
 * A protocol of strings, each behind its length as a big-endian number: override `stringReceived`.
 *
 * While a promise that it returned is pending, the next string waits.
 */
export abstract class IntNStringReceiver<F = Factory> extends FramingProtocol<F> {
  /** Longest string accepted. Beyond it: `lengthLimitExceeded`, before the string itself comes. */
  maxLengthBytes: number = 99_999
  readonly #prefixBytes: 1 | 2 | 4

  constructor(prefixBytes: 1 | 2 | 4) {
    super()
    this.#prefixBytes = prefixBytes
  }

  /** A whole string has come. The bytes are yours. */
  abstract stringReceived(data: Buffer): unknown

  /** A string would be too long; nothing more is parsed. Closes the connection unless overridden. */
  lengthLimitExceeded(_lengthBytes: number): unknown {
    return this.transport.loseConnection()
  }

  /**
   * Sends a string behind its length. Returns as the transport's `write`.
   *
   * @throws {RangeError} when it has more bytes than the length can say; nothing is sent.
   */
  sendString(data: Uint8Array | string): boolean {
    const bytes = Buffer.byteLength(data)
    const most = 2 ** (8 * this.#prefixBytes) - 1
    if (bytes > most) throw new RangeError(`Cannot send a string of ${bytes} bytes: ${most} at most`)
    const prefix = Buffer.alloc(this.#prefixBytes)
    prefix.writeUIntBE(bytes, 0, this.#prefixBytes)
    return this.transport.writeSequence([prefix, data])
  }

  protected override takeFrame(input: ByteQueue): boolean | void | Promise<unknown> {
    const length = input.peek(this.#prefixBytes)?.readUIntBE(0, this.#prefixBytes)
    if (length === undefined) return false
    // Written so that a limit which is no number lets nothing through.
    if (!(length <= this.maxLengthBytes)) {
      this.stopParsing()
      return unitDelivered(this.lengthLimitExceeded(length))
    }
    if (input.length < this.#prefixBytes + length) return false
    input.skip(this.#prefixBytes)
    return unitDelivered(this.stringReceived(input.takeExactly(length) ?? NO_BYTES))
  }
}

/** Strings behind a length of one byte. */
export abstract class Int8StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  constructor() {
    super(1)
  }
}

/** Strings behind a length of two bytes. */
export abstract class Int16StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  constructor() {
    super(2)
  }
}

/** Strings behind a length of four bytes. */
export abstract class Int32StringReceiver<F = Factory> extends IntNStringReceiver<F> {
  constructor() {
    super(4)
  }
}

const NO_BYTES = Buffer.alloc(0)
