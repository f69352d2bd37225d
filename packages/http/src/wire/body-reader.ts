import type { ByteQueue } from '@ropewalk/core/bytes'

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

/** The end of a body without trailers. */
export const END: BodyEvent = { type: 'end', trailers: [] }
