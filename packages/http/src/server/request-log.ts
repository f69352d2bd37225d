import type { Protocol } from '@ropewalk/core'
import { logConnection, type LogEvent } from '@ropewalk/core/log'
import { isExpected } from '../errors.ts'
import type { RequestSummary } from '../response/outgoing-response.ts'
import type { Mistake } from '../response/response-mistakes.ts'
import type { Request } from './request.ts'

/**
 * Logs that a program failed to process a request. An error status is logged only if it came after the head, and
 * nothing is logged for an aborted request.
 */
export function logFailure(channel: Protocol<unknown>, request: Request, error: unknown): void {
  const expected = isExpected(error)
  if (request.outcome === 'aborted' || (expected && !request.started)) return
  // An error status that comes after the head cannot be sent, but the program has dealt with its error.
  const level = expected ? 'warn' : 'error'
  log(channel, { level, text: 'A request failed: {method} {path}', fields: fieldsOf(request), error })
}

/** Logs why a response differs from what the program wrote. */
export function logMistake(
  channel: Protocol<unknown>,
  request: RequestSummary,
  { error, effect }: Mistake,
): void {
  const level = effect === 'incomplete' ? 'warn' : 'error'
  log(channel, { level, text: MISTAKE_TEXT[effect], fields: fieldsOf(request), error })
}

/** Logs that a response had not begun at its deadline. */
export function logLateResponse(channel: Protocol<unknown>, request: Request, timeoutMs: number): void {
  log(channel, {
    level: 'error',
    text: 'A request was not responded to within {timeoutMs} ms, finish it or return a response: {method} {path}',
    fields: { ...fieldsOf(request), timeoutMs },
  })
}

/** Logs that an error page could not be made. The client gets one without details. */
export function logPageFault(channel: Protocol<unknown>, error: unknown): void {
  log(channel, { level: 'error', text: 'An error page could not be made', error })
}

function log(channel: Protocol<unknown>, event: Pick<LogEvent, 'level' | 'text' | 'fields' | 'error'>): void {
  const connection = logConnection(channel.transport, channel)
  channel.transport.reactor.log({ namespace: 'ropewalk.http', connection, ...event })
}

function fieldsOf({ method, path }: Pick<RequestSummary, 'method' | 'path'>): {
  method: string
  path: string
} {
  return { method, path: path.slice(0, 80) }
}

const MISTAKE_TEXT: Readonly<Record<Mistake['effect'], string>> = {
  incomplete: 'A response was sent without a part: {method} {path}',
  replaced: 'A response cannot be sent as written, the client gets a 500: {method} {path}',
  aborted: 'A response cannot be sent as written, the connection is aborted: {method} {path}',
}
