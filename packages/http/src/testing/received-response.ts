import type { LogEvent } from '@ropewalk/core/log'
import type { StringTransport } from '@ropewalk/core/testing'
import type { Headers } from '../message/headers.ts'
import type { Outcome } from '../response/request-ending.ts'
import type { ResponseHead, ResponseReader } from './response-reader.ts'

/** A response with a status from 100 to 199, such as 100 Continue and 103 Early Hints. */
export type InformationalResponse = ResponseHead

/** A connection after a 101. The test is its client. */
export interface Upgraded {
  /** Sends what the test gives to `receive`; its `value` is what the server has sent since. */
  readonly transport: StringTransport
  /** What the server sent together with the 101. */
  readonly unread: Buffer
}

/** What the client of `requestFrom` received. */
export class ReceivedResponse {
  /** `aborted` when the response is not whole, or there is none: the connection ended before. */
  readonly outcome: Outcome
  /** 0 when there was no response. */
  readonly status: number
  /** The text after the status, such as `Not Found`. */
  readonly reason: string
  readonly headers: Headers
  /** The body, or as much of it as arrived. A coded body is not decoded. */
  readonly body: Buffer
  /** The fields after the body: the server sends them to a client with `TE: trailers`. */
  readonly trailers: Headers
  /** The responses before the final one, in order. */
  readonly informational: readonly InformationalResponse[]
  /** The connection, when the outcome is `upgraded`. */
  readonly upgrade: Upgraded | undefined
  /** What the reactor logged meanwhile, such as the error behind a 500. */
  readonly logged: readonly LogEvent[]

  /** `requestFrom` calls this. */
  constructor(
    outcome: Outcome,
    reader: ResponseReader,
    upgrade: Upgraded | undefined,
    none: Headers,
    logged: readonly LogEvent[],
  ) {
    const { status, reason, headers } = reader.head ?? { status: 0, reason: '', headers: none }
    this.outcome = outcome
    this.status = status
    this.reason = reason
    this.headers = headers
    this.body = reader.body
    this.trailers = reader.trailers
    this.informational = reader.informational
    this.upgrade = upgrade
    this.logged = logged
  }

  /** The body as UTF-8. */
  get text(): string {
    return this.body.toString('utf8')
  }

  /**
   * Returns the body, parsed as JSON.
   *
   * @throws {SyntaxError} when it is not JSON; the message has the status, and how the body begins.
   */
  json(): unknown {
    try {
      return JSON.parse(this.text)
    } catch (cause) {
      const type = this.headers.get('content-type') ?? 'no Content-Type'
      const shown = JSON.stringify(this.text.slice(0, 80))
      throw new SyntaxError(`Cannot parse the body as JSON (status ${this.status}, ${type}): ${shown}`, {
        cause,
      })
    }
  }
}
