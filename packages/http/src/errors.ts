import { RemoteError } from '@ropewalk/core/bytes'
import { reasonPhrase } from './message/status.ts'

// RemoteProtocolError   the peer broke HTTP; thrown in wire/, answered once by the channel
// HTTPError             a resource answers with an error status; thrown by resources
// LocalProtocolError    our caller broke an order of calls: core's

/** Every way a peer can break HTTP/1.1, with the status code that answers it. */
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
} as const

/** A way a peer can break HTTP/1.1. */
export type Violation = keyof typeof STATUS_CODE

/** The peer broke the rules of HTTP/1.1: the connection cannot go on. */
export class RemoteProtocolError extends RemoteError {
  override readonly name = 'RemoteProtocolError'
  readonly violation: Violation

  constructor(violation: Violation, message: string) {
    super(message)
    this.violation = violation
  }

  /** The status that answers it. */
  get statusCode(): number {
    return STATUS_CODE[this.violation]
  }
}

/** What goes with the status of an HTTPError. */
export interface HTTPErrorOptions extends ErrorOptions {
  /** Headers for the answer, such as Allow or WWW-Authenticate. */
  readonly headers?: Iterable<readonly [string, string]>
}

/**
 * Thrown by a resource to answer with an error status. The message is shown to the client, escaped; it is the
 * status's reason phrase unless another is given.
 */
export class HTTPError extends RemoteError {
  override readonly name = 'HTTPError'
  readonly statusCode: number
  readonly headers: readonly (readonly [string, string])[]

  /** @throws {RangeError} unless the status is an error's, 400 to 599. */
  constructor(statusCode: number, message?: string, { headers = [], ...options }: HTTPErrorOptions = {}) {
    checkStatus(statusCode)
    super(message ?? reasonPhrase(statusCode), options)
    this.statusCode = statusCode
    this.headers = [...headers]
  }

  /**
   * An HTTPError without a stack, for what is no fault, such as a 404: a stack costs several times what the whole
   * response does, so that a client which asks for what is not there would be the dearest.
   *
   * @throws {RangeError} unless the status is an error's, 400 to 599.
   */
  static withoutStack(
    statusCode: number,
    message?: string,
    { headers = [], cause }: HTTPErrorOptions = {},
  ): HTTPError {
    checkStatus(statusCode)
    // Only the constructor of Error captures a stack, and only a limit for the whole process keeps it from that.
    const error: Writable = Object.create(HTTPError.prototype)
    error.name = 'HTTPError'
    error.message = message ?? reasonPhrase(statusCode)
    error.statusCode = statusCode
    error.headers = [...headers]
    if (cause !== undefined) error.cause = cause
    return error
  }
}

type Writable = { -readonly [name in keyof HTTPError]: HTTPError[name] }

function checkStatus(statusCode: number): void {
  if (Number.isInteger(statusCode) && statusCode >= 400 && statusCode <= 599) return
  throw new RangeError(`Cannot answer an error with status ${statusCode}: use 400 to 599`)
}
