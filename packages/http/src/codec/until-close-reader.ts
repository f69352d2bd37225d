import type { ByteQueue } from '@ropewalk/core/bytes'
import { type BodyEvent, type BodyReader, END } from './body-reader.ts'

/** Reads a body that ends with the connection (RFC 9112 §6.3, rule 8). */
export class UntilCloseReader implements BodyReader {
  #ended = false

  /** The connection has ended: what is read is the whole body, as far as anyone can tell. */
  endOfInput(): void {
    this.#ended = true
  }

  next(input: ByteQueue): BodyEvent | undefined {
    const data = input.takeUpTo(Infinity)
    if (data !== undefined) return { type: 'data', data }
    return this.#ended ? END : undefined
  }
}
