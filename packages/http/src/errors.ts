import { RemoteError } from '@ropewalk/core/bytes'
import { reasonPhrase } from './message/status.ts'

// RemoteProtocolError   the peer violated HTTP/1.1; thrown in codec/, the channel responds to it once
// HTTPError             a resource responds with an error status; thrown by resources
// LocalProtocolError    the caller made a call at the wrong time; defined in core

/** Every way in which a peer can violate HTTP/1.1, with the status code of the response. */
export const STATUS_CODE = {
  'malformed-request-line': 400,
  'malformed-target': 400,
  'malformed-version': 400,
  'unsupported-version': 505,
  'method-too-long': 501,
  'request-line-too-long': 414,
  'malformed-field-line': 400,
  'head-too-large': 431,
  'too-many-fields': 431,
  'missing-host': 400,
  'malformed-host': 400,
  'unknown-expectation': 417,
  'ambiguous-framing': 400,
  'malformed-content-length': 400,
  'malformed-transfer-encoding': 400,
  'unsupported-transfer-encoding': 501,
  'body-too-large': 413,
  'malformed-chunk': 400,
  'chunk-extensions-too-large': 400,
  'trailers-too-large': 431,
  truncated: 400,
  // Of a response: what a gateway that has read it responds with.
  'malformed-status-line': 502,
  'status-line-too-long': 502,
  'too-many-interim-responses': 502,
  'unexpected-switch': 502,
} as const

/** A way in which a peer can violate HTTP/1.1. */
export type Violation = keyof typeof STATUS_CODE

/** The peer violated HTTP/1.1. The connection cannot continue. */
export class RemoteProtocolError extends RemoteError {
  override readonly name = 'RemoteProtocolError'
  readonly violation: Violation

  constructor(violation: Violation, message: string) {
    super(message)
    this.violation = violation
  }

  /** The status code of the response. */
  get statusCode(): number {
    return STATUS_CODE[this.violation]
  }
}

/** Further options of an HTTPError. */
export interface HTTPErrorOptions extends ErrorOptions {
  /** Headers of the response, such as Allow or WWW-Authenticate. */
  readonly headers?: Iterable<readonly [string, string]>
}

/**
 * Thrown by a resource to respond with an error status. The client sees the message, escaped. The default
 * message is the reason phrase of the status.
 */
export class HTTPError extends RemoteError {
  override readonly name = 'HTTPError'
  readonly statusCode: number
  readonly headers: readonly (readonly [string, string])[]

  /** @throws {RangeError} unless the status is an integer from 400 to 599. */
  constructor(statusCode: number, message?: string, { headers = [], ...options }: HTTPErrorOptions = {}) {
    checkStatus(statusCode)
    super(message ?? reasonPhrase(statusCode), options)
    this.statusCode = statusCode
    this.headers = [...headers]
  }

  /**
   * Makes an HTTPError without a stack, for responses that are no fault of the program, such as a 404. A
   * stack costs several times as much as the whole response, so requests for missing pages would be the most
   * expensive.
   *
   * @throws {RangeError} unless the status is an integer from 400 to 599.
   */
  static withoutStack(
    statusCode: number,
    message?: string,
    { headers, cause }: HTTPErrorOptions = {},
  ): HTTPError {
    checkStatus(statusCode)
    // The constructor of Error captures a stack; only the process-wide Error.stackTraceLimit prevents that.
    const error: Writable = Object.create(HTTPError.prototype)
    error.name = 'HTTPError'
    error.message = message ?? reasonPhrase(statusCode)
    error.statusCode = statusCode
    error.headers = headers === undefined ? NO_HEADERS : [...headers]
    if (cause !== undefined) error.cause = cause
    return error
  }
}

/** Whether an error has the status of the response to it; any other error is a 500. */
export function isExpected(error: unknown): error is HTTPError | RemoteProtocolError {
  return error instanceof HTTPError || error instanceof RemoteProtocolError
}

/** Returns what a program has thrown, or an error in place of a value that cannot be read, such as a revoked Proxy. */
export function readableError(thrown: unknown): unknown {
  try {
    void (thrown instanceof Error)
    return thrown
  } catch (cause) {
    return new TypeError('Cannot read the value that was thrown', { cause })
  }
}

/** Returns the status of the response to an error that a resource throws: its own, or 500. */
export function statusOf(error: unknown): number {
  return isExpected(error) ? error.statusCode : 500
}

type Writable = { -readonly [name in keyof HTTPError]: HTTPError[name] }

function checkStatus(statusCode: number): void {
  if (Number.isInteger(statusCode) && statusCode >= 400 && statusCode <= 599) return
  throw new RangeError(`Cannot make an HTTPError with status ${statusCode}: give an integer from 400 to 599`)
}

/** Shared by the errors without headers, because a 404 is frequent. */
const NO_HEADERS: readonly (readonly [string, string])[] = Object.freeze([])
