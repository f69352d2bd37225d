import type { ByteQueue } from '../bytes/byte-queue.ts'
import { LineTooLongError } from '../bytes/remote-error.ts'
import type { Factory } from './factory.ts'
import { FramingProtocol, promiseOf } from './framing-protocol.ts'

/**
 * A protocol of lines: override `lineReceived`.
 *
 * While a promise that `lineReceived` returned is pending, the next line is not delivered.
 */
export abstract class LineOnlyReceiver<F = Factory> extends FramingProtocol<F> {
  /** The bytes that end a line. A change takes effect with the next line. */
  delimiter: Uint8Array = CRLF
  /** Longest line accepted, delimiter not counted. Beyond it: `lineLengthExceeded` is called. */
  maxLengthBytes: number = 16_384

  /** A whole line was received; its delimiter is removed. You may keep the bytes. */
  abstract lineReceived(line: Buffer): unknown

  /**
   * A line is too long. Closes the connection unless overridden.
   *
   * @param _line All bytes received and not yet parsed: the line so far, and perhaps bytes after it.
   */
  lineLengthExceeded(_line: Buffer): unknown {
    return this.transport.loseConnection()
  }

  /** Sends a line and adds the delimiter. Returns what the transport's `write` returns. */
  sendLine(line: Uint8Array | string): boolean {
    return this.transport.writeSequence([line, this.delimiter])
  }

  /** Takes the bytes received and not yet parsed, such as for the next protocol of `switchProtocol`. */
  clearLineBuffer(): Buffer {
    return this.clearBuffer()
  }

  /** Takes and delivers one line, if it is whole. */
  protected override takeFrame(input: ByteQueue): boolean | void | Promise<unknown> {
    let line: Buffer | undefined
    try {
      line = input.takeLine(this.maxLengthBytes, this.delimiter)
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error
      return promiseOf(this.lineLengthExceeded(input.takeAll()))
    }
    return line === undefined ? false : promiseOf(this.lineReceived(line))
  }
}

/**
 * A protocol of lines that can switch to raw bytes and back, such as for a body after a line that states its length.
 */
export abstract class LineReceiver<F = Factory> extends LineOnlyReceiver<F> {
  #raw = false

  /** Bytes were received in raw mode. You may keep them. Chunk boundaries have no meaning. */
  rawDataReceived(_data: Buffer): unknown {
    throw new Error(`${this.constructor.name} is in raw mode but has no rawDataReceived`)
  }

  /** Delivers raw bytes from now on, first those already received after this line. */
  setRawMode(): void {
    this.#raw = true
  }

  /**
   * Delivers lines from now on.
   *
   * @param extra Bytes delivered in raw mode that already belong to lines. They are added to the bytes not yet parsed.
   */
  setLineMode(extra: Uint8Array = NO_BYTES): void {
    this.#raw = false
    this.parseMore(extra)
  }

  protected override takeFrame(input: ByteQueue): boolean | void | Promise<unknown> {
    if (!this.#raw) return super.takeFrame(input)
    return input.length === 0 ? false : promiseOf(this.rawDataReceived(input.takeAll()))
  }
}

const CRLF: Uint8Array = Uint8Array.of(0x0d, 0x0a)
const NO_BYTES = new Uint8Array(0)
