import type { Address, Transport } from '@ropewalk/core'
import { HTTPError, type RemoteProtocolError } from '../errors.ts'
import { formatISODate, formatLogDate } from '../message/date.ts'
import type { Request } from './request.ts'
import type { Outcome } from '../response/request-ending.ts'

/** A request at its end, or input that was refused before it became a request. */
export interface FinishedRequest {
  /** undefined when the client has sent no whole head. */
  readonly request: Request | undefined
  /** The client, as trusted proxies state it. */
  readonly client: Address
  /** When the head was whole, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** From the whole head to the end, in milliseconds. 0 without a request. */
  readonly durationMs: number
  /** undefined when nothing of a response was sent. */
  readonly status: number | undefined
  /** Bytes of response body that were sent. */
  readonly bytes: number
  /**
   * Whether the response is complete, was upgraded to another protocol, or neither: because the client or the
   * program has ended it, or a deadline of the server has passed.
   */
  readonly outcome: Outcome | 'timed out'
  /** Why it was aborted or timed out. */
  readonly reason: Error | undefined
}

/** Is called with each request at its end. */
export type AccessLog = (finished: FinishedRequest) => unknown

/** An error response that was sent before the client's bytes became a request. */
export interface EarlyRefusal {
  readonly transport: Transport
  readonly error: HTTPError | RemoteProtocolError
  /** Bytes of the response's body. */
  readonly bytes: number
}

/**
 * Makes an access log in the combined format of Apache and nginx, followed by the duration in seconds and the
 * outcome:
 *
 *     192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8.5" 0.002 complete
 *
 * What a client has sent is escaped: `"`, `\`, control characters and bytes above 0x7e are `\xhh`. A part that
 * does not exist is `-`.
 *
 * @param write Is called with each line, its line end included.
 */
export function combinedLog(write: (line: string) => unknown): AccessLog {
  return (finished) => {
    const { request, status, bytes, durationMs, outcome } = finished
    const line =
      request === undefined ? '-' : escaped(`${request.method} ${request.uri} ${request.clientproto}`)
    const referer = escaped(request?.getHeader('referer') ?? '-')
    const agent = escaped(request?.getHeader('user-agent') ?? '-')
    const time = formatLogDate(finished.startedAtMs)
    const seconds = (durationMs / 1000).toFixed(3)
    const how = outcome.replace(' ', '-')
    return write(
      `${hostOf(finished.client)} - - [${time}] "${line}" ${status ?? '-'} ${bytes} "${referer}" "${agent}" ${seconds} ${how}\n`,
    )
  }
}

/**
 * Makes an access log of JSON, one object a line: `time`, `id` of the request, `client`, `method`, `uri`, `protocol`, `host`,
 * `status`, `bytes`, `durationMs`, `outcome`, `referer`, `userAgent`, and `error` when the request was
 * aborted. What does not exist is left out. The lines are ASCII.
 *
 * @param write Is called with each line, its line end included.
 */
export function jsonLog(write: (line: string) => unknown): AccessLog {
  return ({ request, client, startedAtMs, status, bytes, durationMs, outcome, reason }) => {
    const host = request?.getRequestAuthority() ?? ''
    const entry = {
      time: formatISODate(startedAtMs),
      id: request?.id,
      client: hostOf(client),
      method: request?.method,
      uri: request?.uri,
      protocol: request?.clientproto,
      host: host === '' ? undefined : host,
      status,
      bytes,
      durationMs: Math.round(durationMs * 1000) / 1000,
      outcome,
      referer: request?.getHeader('referer'),
      userAgent: request?.getHeader('user-agent'),
      error: reason?.message,
    }
    return write(`${JSON.stringify(entry).replaceAll(NOT_ASCII, unicodeEscape)}\n`)
  }
}

/** The outcome of a request, for observers. `reason` is why it was aborted. */
export function outcomeOf(outcome: Outcome, reason: Error | undefined): FinishedRequest['outcome'] {
  // A program that throws an HTTPError completes its request: only a deadline aborts one with these.
  const late = reason instanceof HTTPError && (reason.statusCode === 408 || reason.statusCode === 503)
  return outcome === 'aborted' && late ? 'timed out' : outcome
}

function hostOf(client: Address): string {
  return client.type === 'UNIX' ? `unix:${escaped(client.path)}` : client.host
}

/** Header values are latin1: each of their characters is one byte. */
function escaped(text: string): string {
  return text.replaceAll(NOT_PLAIN, (char) =>
    Buffer.from(char, char <= '\xff' ? 'latin1' : 'utf8')
      .toString('hex')
      .replaceAll(/../g, String.raw`\x$&`),
  )
}

function unicodeEscape(char: string): string {
  return String.raw`\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Everything but visible ASCII and blanks, and the two characters that end a quotation or begin an escape. */
const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g
const NOT_ASCII = /[\x7f-\uffff]/g
