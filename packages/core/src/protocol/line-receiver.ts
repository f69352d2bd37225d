import type { ByteQueue } from '../bytes/byte-queue.ts'
import { LineTooLongError } from '../bytes/remote-error.ts'
import type { Factory } from './factory.ts'
import { FramingProtocol, unitDelivered } from './framing-protocol.ts'

/**
 * A protocol of lines: override `lineReceived`.
 *
 * While a promise that it returned is pending, the next line waits.
 */
export abstract class LineOnlyReceiver<F = Factory> extends FramingProtocol<F> {
  /** What ends a line. A change takes effect on the next one. */
  delimiter: Uint8Array = CRLF
  /** Longest line accepted, delimiter not counted. Beyond it: `lineLengthExceeded`. */
  maxLengthBytes: number = 16_384

  /** A whole line has come, without its delimiter. The bytes are yours. */
  abstract lineReceived(line: Buffer): unknown

  /**
   * A line is too long. Closes the connection unless overridden.
   *
   * @param _line All that has come and is not parsed: of the line, and perhaps from behind it.
   */
  lineLengthExceeded(_line: Buffer): unknown {
    return this.transport.loseConnection()
  }

  /** Sends a line, its delimiter added. Returns as the transport's `write`. */
  sendLine(line: Uint8Array | string): boolean {
    return this.transport.writeSequence([line, this.delimiter])
  }

  /** Takes what has come and is not parsed, such as for the next protocol of `switchProtocol`. */
  clearLineBuffer(): Buffer {
    return this.clearBuffer()
  }

  /** Takes one line, if it is whole. */
  protected override takeFrame(input: ByteQueue): boolean | void | Promise<unknown> {
    let line: Buffer | undefined
    try {
      line = input.takeLine(this.maxLengthBytes, this.delimiter)
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error
      return unitDelivered(this.lineLengthExceeded(input.takeAll()))
    }
    return line === undefined ? false : unitDelivered(this.lineReceived(line))
  }
}

/**
 * A protocol of lines that may switch to raw bytes and back, such as for a body whose length a line
 * announced.
 */
export abstract class LineReceiver<F = Factory> extends LineOnlyReceiver<F> {
  #raw = false

  /** Some bytes came in raw mode. They are yours; where they were cut means nothing. */
  rawDataReceived(_data: Buffer): unknown {
    throw new Error(`${this.constructor.name} is in raw mode but has no rawDataReceived`)
  }

  /** From now on, and for what has come behind this line: raw bytes. */
  setRawMode(): void {
    this.#raw = true
  }

  /**
   * From now on: lines.
   *
   * @param extra Raw bytes that belong to lines already; they are parsed first.
   */
  setLineMode(extra: Uint8Array = NO_BYTES): void {
    this.#raw = false
    this.parseMore(extra)
  }

  protected override takeFrame(input: ByteQueue): boolean | void | Promise<unknown> {
    if (!this.#raw) return super.takeFrame(input)
    return input.length === 0 ? false : unitDelivered(this.rawDataReceived(input.takeAll()))
  }
}

const CRLF: Uint8Array = Uint8Array.of(0x0d, 0x0a)
const NO_BYTES = new Uint8Array(0)
