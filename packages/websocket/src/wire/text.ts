import { WebSocketError } from '../errors.ts'
import { afterASCII } from './utf8-validator.ts'

/**
 * The text of a whole UTF-8 message (RFC 6455 §5.6, §8.1).
 *
 * @throws {WebSocketError} when it is not UTF-8.
 */
export function decodeText(data: Buffer): string {
  // Most text is short and ASCII: looking at it costs less than calling the decoder.
  if (data.length <= SHORT_BYTES && afterASCII(data, 0) === data.length) return data.toString('latin1')
  try {
    return DECODER.decode(data)
  } catch (cause) {
    throw Object.assign(new WebSocketError('invalid-utf8', 'Cannot read text that is not UTF-8'), { cause })
  }
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const SHORT_BYTES = 256
