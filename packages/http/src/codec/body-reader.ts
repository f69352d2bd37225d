import type { ByteQueue } from '@ropewalk/core/bytes'
import { RemoteProtocolError } from '../errors.ts'

/** An event that a body reader returns. */
export type BodyEvent =
  | { readonly type: 'data'; readonly data: Buffer }
  /** The body is complete. Trailers (RFC 9110 §6.5) are name, value, name, value, … */
  | { readonly type: 'end'; readonly trailers: readonly string[] }

/** Reads one body, framed in one of the ways of RFC 9112 §6. */
export interface BodyReader {
  /**
   * Returns the next event, or undefined when it needs more bytes than `input` has. It is not called
   * again after `end`.
   *
   * @throws {RemoteProtocolError} when the body is malformed or beyond a limit.
   */
  next(input: ByteQueue): BodyEvent | undefined
  /** Replaces the most bytes that the body may have; it is called before the first byte is read. */
  limit(maxBytes: number): void
  /** Whether the body is within its limit, as far as is known. */
  readonly withinLimit: boolean
}

/** Makes the error for a body longer than `maxBytes`. */
export function bodyTooLarge(maxBytes: number): RemoteProtocolError {
  return new RemoteProtocolError('body-too-large', `Cannot accept more than ${maxBytes} bytes of body`)
}

/** The end of a body without trailers. */
export const END: BodyEvent = { type: 'end', trailers: [] }

/** Reads a body of known length (RFC 9112 §6.2). */
export class ContentLengthReader implements BodyReader {
  readonly #bytes: number
  #leftBytes: number
  #maxBytes = Infinity

  constructor(bytes: number) {
    this.#bytes = bytes
    this.#leftBytes = bytes
  }

  get withinLimit(): boolean {
    return this.#bytes <= this.#maxBytes
  }

  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes
  }

  next(input: ByteQueue): BodyEvent | undefined {
    if (!this.withinLimit) throw bodyTooLarge(this.#maxBytes)
    if (this.#leftBytes === 0) return END
    const data = input.takeUpTo(this.#leftBytes)
    if (data === undefined) return undefined
    this.#leftBytes -= data.length
    return { type: 'data', data }
  }
}
