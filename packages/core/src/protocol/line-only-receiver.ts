import type { ByteQueue } from '../bytes/byte-queue.ts'
import { LineTooLongError } from '../bytes/remote-error.ts'
import type { Factory } from './factory.ts'
import { unitDelivered } from './parse-loop.ts'
import { FramingProtocol } from './unit-receiver.ts'

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

const CRLF: Uint8Array = Uint8Array.of(0x0d, 0x0a)
