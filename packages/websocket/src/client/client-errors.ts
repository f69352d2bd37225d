import { type Address, ConnectError } from '@ropewalk/core'
import { assertNever } from '@ropewalk/core/bytes'
import { TimeoutError } from '@ropewalk/core/time'
import { TLSHandshakeError } from '@ropewalk/core/tls'
import { Headers } from '@ropewalk/http'
import { reasonPhrase, type Refusal, type SwitchFailure } from '@ropewalk/http/client'
import type { HandshakeViolation } from '../handshake/client-handshake.ts'

/**
 * The server responded to the opening handshake with a status other than 101. `message` has the status, and the first
 * line of a body of at most 1 KiB that is text or JSON, without markup.
 */
export class ConnectionRejected extends ConnectError {
  override readonly name = 'ConnectionRejected'
  /** The status, such as 401. */
  readonly status: number
  readonly headers: Headers
  /** At most 64 KiB of the response's body, as it was received: a content coding is not decoded. */
  readonly body: Buffer
  /** Whether `body` is the whole body. */
  readonly bodyComplete: boolean

  /** Called by the endpoint. */
  constructor(address: Address, { head, body, complete }: Refusal) {
    const { status, fields } = head
    const headers = Headers.fromFields(fields)
    const reason = head.reason.slice(0, 80) || reasonPhrase(status)
    const line = complete ? firstLineOf(body, headers) : ''
    const details = line === '' || line === reason ? '' : `: ${line}`
    super(address, `the server responded with ${status} ${reason}${details}`)
    this.status = status
    this.headers = headers
    this.body = body
    this.bodyComplete = complete
  }
}

/** The server's response is not an opening handshake, or not the one that this client began. */
export class WebSocketHandshakeError extends ConnectError {
  override readonly name = 'WebSocketHandshakeError'
  /** The rule that the response breaks. */
  readonly violation: HandshakeViolation

  /** Called by the endpoint. */
  constructor(address: Address, violation: HandshakeViolation, why: string, cause?: unknown) {
    super(address, why, cause)
    this.violation = violation
  }
}

/** Returns the error for a server that did not respond, or not with HTTP. */
export function failureOf(address: Address, why: SwitchFailure, timeoutMs: number): ConnectError {
  switch (why.is) {
    case 'timeout':
      return new TimeoutError(address, `the server did not respond within ${timeoutMs} ms`)
    case 'malformed':
      return new WebSocketHandshakeError(address, 'malformed-response', why.error.message, why.error)
    case 'lost': {
      const text = 'the connection ended before the response to the opening handshake'
      return new WebSocketHandshakeError(address, 'malformed-response', text, why.reason)
    }
    case 'tls': {
      const cause = why.reason.cause instanceof Error ? why.reason.cause : why.reason
      return new TLSHandshakeError(address, cause.message, cause)
    }
    default:
      return assertNever(why)
  }
}

/** Returns the first line of a short text, fit for a log; otherwise ''. */
function firstLineOf(body: Buffer, headers: Headers): string {
  if (body.length > MAX_TEXT_BYTES || headers.hasHeader('Content-Encoding')) return ''
  if (!TEXT.test(headers.get('Content-Type') ?? '')) return ''
  const [line = ''] = body
    .toString('utf8')
    .trim()
    .split(/\r\n|[\r\n]/, 1)
  if (line.startsWith('<')) return ''
  return Array.from(line.replaceAll(UNPRINTABLE, '\ufffd')).slice(0, MAX_LINE_CHARACTERS).join('')
}

const MAX_TEXT_BYTES = 1_024
const MAX_LINE_CHARACTERS = 100
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?json\s*(?:;|$))/i
/** Control characters, and those that change the direction or break the line of what is shown. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu
