import type { ByteQueue } from '@ropewalk/core/bytes'
import { type BodyEvent, bodyTooLarge, END, type LimitedBodyReader } from './body-reader.ts'

/** Reads a body of known length (RFC 9112 §6.2). */
export class ContentLengthReader implements LimitedBodyReader {
  readonly #bytes: number
  #leftBytes: number

  constructor(bytes: number) {
    this.#bytes = bytes
    this.#leftBytes = bytes
  }

  limit(maxBytes: number): void {
    if (this.#bytes > maxBytes) throw bodyTooLarge(maxBytes)
  }

  next(input: ByteQueue): BodyEvent | undefined {
    if (this.#leftBytes === 0) return END
    const data = input.takeUpTo(this.#leftBytes)
    if (data === undefined) return undefined
    this.#leftBytes -= data.length
    return { type: 'data', data }
  }
}
