import { WebSocketError } from '../errors.ts'
import { MAX_CONTROL_BYTES } from './frame-header.ts'
import { decodeText, encodeText } from './utf8.ts'

/** The content of a close frame. */
export interface CloseFrame {
  /** undefined when the frame has no code. */
  readonly code: number | undefined
  readonly reason: string
}

/** The close codes that this package sends or reports (RFC 6455 §7.4.1, §11.7). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  /** Reported for a close frame without a code. */
  noStatus: 1005,
  /** Reported when no close frame has arrived. */
  abnormal: 1006,
  internalError: 1011,
  tryAgainLater: 1013,
} as const

/**
 * Reads the payload of a close frame (RFC 6455 §5.5.1), which is empty or has this layout:
 *
 *     offset  size     meaning
 *     0       2        code, big-endian
 *     2       0–123    reason, UTF-8
 *
 * @throws {WebSocketError} when the code is cut or must not be sent, or the reason is not UTF-8.
 */
export function readClose(payload: Uint8Array): CloseFrame {
  if (payload.length === 0) return { code: undefined, reason: '' }
  if (payload.length === 1) throw malformedClose('a code of one byte')
  const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0)
  if (!isCloseCode(code)) throw malformedClose(`code ${code}`)
  return { code, reason: decodeText(payload.subarray(2)) }
}

/**
 * Makes the payload of a close frame.
 *
 * @throws {RangeError} when the code must not be sent, or the reason has more than 123 bytes or no code.
 * @throws {TypeError} when the reason is not a string.
 */
export function closePayload({ code, reason }: CloseFrame): Uint8Array {
  if (code === undefined) {
    if (reason !== '') throw new RangeError('Cannot close with a reason but no code')
    return NO_BYTES
  }
  if (!isCloseCode(code)) {
    throw new RangeError(`Cannot close with code ${code}: use 1000 to 1003, 1007 to 1014 or 3000 to 4999`)
  }
  if (typeof reason !== 'string') throw new TypeError(`Cannot close with a reason of type ${typeof reason}`)
  const bytes = encodeText(reason)
  if (bytes.length > MAX_REASON_BYTES) {
    throw new RangeError(
      `Cannot close with a reason of ${bytes.length} bytes: use at most ${MAX_REASON_BYTES}`,
    )
  }
  const payload = new Uint8Array(2 + bytes.length)
  payload[0] = code >> 8
  payload[1] = code
  payload.set(bytes, 2)
  return payload
}

function malformedClose(what: string): WebSocketError {
  return new WebSocketError('malformed-close', `Cannot read a close frame with ${what}`)
}

/**
 * Whether a close frame may carry this code. 1004, 1005, 1006 and 1015 are reserved and never sent;
 * the other codes below 3000 that are refused are not assigned.
 *
 * @see RFC 6455 §7.4
 *
 * @example
 * ```ts
 * import { isCloseCode } from '@ropewalk/websocket/codec'
 *
 * console.log(isCloseCode(1000), isCloseCode(1005), isCloseCode(4000))
 * ```
 *
 * ```text
 * true false true
 * ```
 */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000 && code <= 4999) return true
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
}

/** The longest reason of a close frame. */
export const MAX_REASON_BYTES: number = MAX_CONTROL_BYTES - 2
const NO_BYTES = new Uint8Array(0)
