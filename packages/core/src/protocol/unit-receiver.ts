import type { ByteQueue } from '../bytes/byte-queue.ts'
import type { Replaceable } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { bytes } from '../options/option-rules.ts'
import type { Factory } from './factory.ts'
import { ParseLoop } from './parse-loop.ts'
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

const MAX_LENGTH = bytes({ endless: true })
