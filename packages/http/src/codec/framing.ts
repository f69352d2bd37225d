import { RemoteProtocolError } from '../errors.ts'
import { isToken, lowerCaseElements } from '../message/field-grammar.ts'
import { DIGIT_0 } from './grammar.ts'

/** The versions of HTTP that a message is read as (RFC 9112 §2.3). */
export type HTTPVersion = '1.0' | '1.1'

/** How a recipient finds the end of a body. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' }

/** The facts that decide how a message's body ends. */
export interface FramingFacts {
  readonly version: HTTPVersion
  /** A request, or a response with its status and the method of its request. */
  readonly message: 'request' | { readonly status: number; readonly method: string }
  /** The values of all Content-Length lines. */
  readonly contentLengths: readonly string[]
  /** The values of all Transfer-Encoding lines. */
  readonly transferEncodings: readonly string[]
}

/**
 * Decides how the end of a message's body is found. No other code decides this.
 *
 * Where the RFC lets a recipient either refuse or repair a message, this function refuses.
 *
 * @throws {RemoteProtocolError} when the fields are malformed or ambiguous, or the coding is not supported.
 * @see RFC 9112 §6.3
 */
export function messageFraming(facts: FramingFacts): Framing {
  const { version, message, contentLengths, transferEncodings } = facts
  if (message !== 'request' && hasNoBody(message.status, message.method)) return NONE
  if (transferEncodings.length > 0) {
    if (contentLengths.length > 0) {
      throw new RemoteProtocolError(
        'ambiguous-framing',
        'Cannot read a body with Transfer-Encoding and Content-Length',
      )
    }
    if (version === '1.0') {
      throw new RemoteProtocolError('ambiguous-framing', 'Cannot read a Transfer-Encoding in HTTP/1.0')
    }
    requireChunked(transferEncodings)
    return CHUNKED
  }
  if (contentLengths.length === 0) return message === 'request' ? NONE : UNTIL_CLOSE
  const [value = ''] = contentLengths
  if (contentLengths.length > 1) {
    throw new RemoteProtocolError('ambiguous-framing', 'Cannot read a body with several Content-Length lines')
  }
  return { kind: 'length', bytes: parseContentLength(value) }
}

/** Whether a body framed in this way has a byte, as far as is known from its head. */
export function hasBody(framing: Framing): boolean {
  return framing.kind === 'length' ? framing.bytes > 0 : framing.kind !== 'none'
}

/** RFC 9112 §6.3, rules 1 and 2. */
function hasNoBody(status: number, method: string): boolean {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return true
  return method === 'CONNECT' && status < 300
}

/** RFC 9110 §8.6: only digits. A list of equal values is refused too. */
function parseContentLength(value: string): number {
  let length = 0
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - DIGIT_0
    if (digit < 0 || digit > 9) throw malformedLength(value)
    length = length * 10 + digit
    if (length > Number.MAX_SAFE_INTEGER) {
      throw new RemoteProtocolError('body-too-large', `Cannot accept Content-Length "${value.slice(0, 80)}"`)
    }
  }
  if (value.length === 0) throw malformedLength(value)
  return length
}

/**
 * RFC 9112 §6.1, §7: chunked must be the only coding. Unknown codings, also before a last chunked, are 501.
 * Other lists are 400: a recipient could not find the end of the body.
 */
function requireChunked(values: readonly string[]): void {
  const codings = lowerCaseElements(values)
  const alone = codings.length === 1
  const endsInChunked = codings.indexOf('chunked') === codings.length - 1
  if (alone && endsInChunked) return
  const shown = values.join(', ').slice(0, 80)
  if (codings.every(isToken) && (alone || endsInChunked)) {
    throw new RemoteProtocolError(
      'unsupported-transfer-encoding',
      `Cannot decode Transfer-Encoding "${shown}"`,
    )
  }
  throw new RemoteProtocolError('malformed-transfer-encoding', `Cannot read Transfer-Encoding "${shown}"`)
}

function malformedLength(value: string): RemoteProtocolError {
  return new RemoteProtocolError(
    'malformed-content-length',
    `Cannot read Content-Length from "${value.slice(0, 80)}"`,
  )
}

const NONE: Framing = { kind: 'none' }
const CHUNKED: Framing = { kind: 'chunked' }
const UNTIL_CLOSE: Framing = { kind: 'until-close' }
