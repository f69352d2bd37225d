import type { ByteQueue } from '../bytes/byte-queue.ts'
import type { Factory } from './factory.ts'
import { LineOnlyReceiver } from './line-only-receiver.ts'
import { unitDelivered } from './parse-loop.ts'

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

const NO_BYTES = new Uint8Array(0)
