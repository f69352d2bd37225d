import type { ByteQueue } from '@ropewalk/core/bytes'
import { RemoteProtocolError } from '../errors.ts'

/** What a body's bytes turn into. */
export type BodyEvent =
  | { readonly type: 'data'; readonly data: Buffer }
  /** The body is whole. Trailers (RFC 9110 §6.5) as name, value, name, value, … */
  | { readonly type: 'end'; readonly trailers: readonly string[] }

/** Reads one body, framed in one of the ways of RFC 9112 §6. */
export interface BodyReader {
  /**
   * The next event, or undefined when it needs more bytes than `input` holds. After `end` it is not
   * asked again.
   *
   * @throws {RemoteProtocolError}
   */
  next(input: ByteQueue): BodyEvent | undefined
}

/** A body reader that refuses what is longer than somebody wants. */
export interface LimitedBodyReader extends BodyReader {
  /**
   * Changes how long the body may be.
   *
   * @param maxBytes Infinity for no limit.
   * @throws {RemoteProtocolError} `body-too-large`, when it is known already to be longer.
   */
  limit(maxBytes: number): void
}

/** What a body that is longer than `maxBytes` is refused with. */
export function bodyTooLarge(maxBytes: number): RemoteProtocolError {
  return new RemoteProtocolError('body-too-large', `Cannot take more than ${maxBytes} bytes of body`)
}

/** The end of a body without trailers. */
export const END: BodyEvent = { type: 'end', trailers: [] }

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
