import { RemoteProtocolError } from '../errors.ts'
import { lowerCaseElements } from '../message/field-grammar.ts'
import { parseRequestTarget, type RequestTarget } from '../message/request-target.ts'
import { type Framing, hasBody, type HTTPVersion, messageFraming } from './framing.ts'

/** The parsed and checked head of a request. */
export interface RequestHead {
  readonly method: string
  /** As it was sent. */
  readonly target: string
  readonly path: string
  /** The text after the first `?`; '' when there is none. */
  readonly query: string
  readonly version: HTTPVersion
  /**
   * Name, value, name, value, … as they were sent; values as latin1, without blanks around them. When the
   * target names a host, Host has that value instead.
   */
  readonly fields: string[]
  readonly framing: Framing
  /** Whether the client allows another request on the connection (RFC 9112 §9.3). */
  readonly persistent: boolean
  /** Whether the client may wait for a 100 before it sends the body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
  /** The requested host and port: the target's, else the Host field's; undefined when there is neither. */
  readonly host: string | undefined
}

/** The values of the fields that decide what a request means; undefined for a field that is not there. */
interface DecidingFields {
  host: string | undefined
  hostCount: number
  expect: string[] | undefined
  connection: string[] | undefined
  'content-length': string[] | undefined
  'transfer-encoding': string[] | undefined
}

/**
 * Interprets a head whose syntax is valid.
 *
 * @param knownHost A host that `isHost` accepts: that of the request before, which most requests repeat.
 * @throws {RemoteProtocolError} when its target, host, framing or expectation is refused.
 * @see RFC 9112 §3, §6.3, §9.3
 */
export function interpretHead(
  method: string,
  target: string,
  version: HTTPVersion,
  fields: string[],
  knownHost?: string,
): RequestHead {
  const deciding = decidingFields(fields)
  const { path, query, authority } = parseRequestTarget(method, target)
  const host = requestedHost(version, deciding, authority, knownHost)
  const framing = messageFraming({
    version,
    message: 'request',
    contentLengths: deciding['content-length'] ?? NONE,
    transferEncodings: deciding['transfer-encoding'] ?? NONE,
  })
  const persistent = isPersistent(version, deciding.connection ?? NONE)
  const expectsContinue = isContinueExpected(version, deciding.expect ?? NONE, framing)
  if (authority !== undefined && method !== 'CONNECT') replaceHost(fields, authority)
  return { method, target, path, query, version, fields, framing, persistent, expectsContinue, host }
}

function decidingFields(fields: readonly string[]): Readonly<DecidingFields> {
  const found: DecidingFields = {
    host: undefined,
    hostCount: 0,
    expect: undefined,
    connection: undefined,
    'content-length': undefined,
    'transfer-encoding': undefined,
  }
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? ''
    const wanted = DECIDING_FIELD_BY_LENGTH[name.length]
    // Names are tokens here, so toLowerCase changes only ASCII letters.
    if (wanted === undefined || (name !== wanted && name.toLowerCase() !== wanted)) continue
    const value = fields[at + 1] ?? ''
    if (wanted === 'host') {
      found.host ??= value
      found.hostCount++
    } else (found[wanted] ??= []).push(value)
  }
  return found
}

function requestedHost(
  version: HTTPVersion,
  { host, hostCount }: Readonly<DecidingFields>,
  authority: RequestTarget['authority'],
  knownHost: string | undefined,
): string | undefined {
  if (host === undefined && version === '1.1') {
    throw new RemoteProtocolError('missing-host', 'Cannot serve HTTP/1.1 without a Host field')
  }
  if (hostCount > 1)
    throw new RemoteProtocolError('malformed-host', 'Cannot serve a request with several Host fields')
  if (host !== knownHost) assertHost(host)
  if (authority !== undefined) assertHost(authority)
  return authority ?? host
}

function assertHost(host: string | undefined): void {
  if (host !== undefined && !isHost(host))
    throw new RemoteProtocolError('malformed-host', `Cannot read host "${host.slice(0, 80)}"`)
}

/**
 * RFC 9112 §3.2.2: a target's host overrides Host. It replaces the field, so that all parts of a program see
 * one host.
 */
function replaceHost(fields: string[], host: string): void {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() !== 'host') continue
    fields[at + 1] = host
    return
  }
  fields.push('Host', host)
}

function isPersistent(version: HTTPVersion, values: readonly string[]): boolean {
  if (values.length === 0) return version === '1.1'
  const options = lowerCaseElements(values)
  if (options.includes('close')) return false
  return version === '1.1' || options.includes('keep-alive')
}

function isContinueExpected(version: HTTPVersion, values: readonly string[], framing: Framing): boolean {
  if (values.length === 0 || version === '1.0') return false
  const [value = ''] = values
  if (values.length > 1 || value.toLowerCase() !== '100-continue') {
    throw new RemoteProtocolError(
      'unknown-expectation',
      `Cannot meet expectation "${values.join(', ').slice(0, 80)}"`,
    )
  }
  return hasBody(framing)
}

/**
 * Whether a Host value is `uri-host [ ":" port ]`, which may be empty (RFC 9110 §7.2, RFC 3986 §3.2).
 *
 * @param host A field value.
 */
export function isHost(host: string): boolean {
  return HOST.test(host) && !PORT_TOO_HIGH.test(host)
}

const NONE: readonly string[] = []
const DECIDING_FIELD_BY_LENGTH: Readonly<
  Record<number, Exclude<keyof DecidingFields, 'hostCount'> | undefined>
> = {
  4: 'host',
  6: 'expect',
  10: 'connection',
  14: 'content-length',
  17: 'transfer-encoding',
}
/**
 * IPv6 or IPvFuture literal, or reg-name, then an optional port. No part can match the start of the next one.
 */
const HOST =
  /^(?:\[(?:[0-9A-Fa-f:.]+|[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]{0,5})?$/
/** A port of five digits above 65535. */
const PORT_TOO_HIGH = /:(?:[7-9]\d{4}|6[6-9]\d{3}|65[6-9]\d{2}|655[4-9]\d|6553[6-9])$/
