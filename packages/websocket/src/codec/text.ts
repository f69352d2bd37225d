import { WebSocketError } from '../errors.ts'

/**
 * The text of a whole UTF-8 message or close reason (RFC 6455 §5.6, §8.1).
 *
 * @throws {WebSocketError} when it is not UTF-8.
 */
export function decodeText(data: Uint8Array): string {
  try {
    return DECODER.decode(data)
  } catch {
    throw new WebSocketError('invalid-utf8', 'Cannot read text that is not UTF-8')
  }
}

/** A byte order mark is a character like any other. */
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
