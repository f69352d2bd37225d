import type { MessageDeflater, MessageInflater } from '../codec/compression.ts'
import { WebSocketError } from '../errors.ts'

/** An inflater that may keep memory of zlib. */
export interface ClosableInflater extends MessageInflater {
  /** Frees its memory. It cannot be used any more. */
  close(): void
}

/** A deflater that may keep memory of zlib, and deflates a large message in slices. */
export interface SlicedDeflater extends MessageDeflater {
  /**
   * Deflates as `deflate` does, but yields after each slice of about a third of a millisecond, so that other
   * work can be done. Nothing else may be deflated before it has returned.
   */
  slices(data: Uint8Array): Generator<void, Uint8Array>
  /** Forgets earlier messages: the next one is deflated without reference to them. */
  forget(): void
  /** Frees its memory. It cannot be used any more. */
  close(): void
}

/**
 * What a sender leaves away at the end of a message: the end of an empty stored block (RFC 7692 §7.2.1). The
 * block's first byte, with its header, stays.
 */
export const TAIL: Uint8Array = Buffer.of(0x00, 0x00, 0xff, 0xff)

/** An empty message, deflated (RFC 7692 §7.2.3.6). */
export const EMPTY_MESSAGE: Uint8Array = Buffer.of(0x00)

/**
 * Most blocks of one message that may be marked as the last one (BFINAL, RFC 7692 §7.2.3.4). One is usual; the
 * work for each is that of many bytes.
 */
export const MOST_ENDS = 64

/** The error for a message that cannot be inflated. */
export function invalidCompression(what: string): WebSocketError {
  return new WebSocketError('invalid-compression', `Cannot inflate a message that ${what}`)
}

/** The error for a message that is too large when inflated. */
export function tooLarge(): WebSocketError {
  return new WebSocketError('message-too-large', 'Cannot accept a message with too many bytes when inflated')
}
