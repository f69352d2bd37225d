import { LocalProtocolError, type ProtocolEvents, type Transport } from '@ropewalk/core'
import { checkValue, having } from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import { lowerCaseElements } from '../message/field-grammar.ts'
import type { Headers } from '../message/headers.ts'
import type { Outcome } from '../response/request-ending.ts'

/** The content of a 101 response. */
export interface UpgradeOptions {
  /** The value of the response's Upgrade header, such as `websocket`. */
  readonly protocol: string
  /** More headers of the response. */
  readonly headers?: Iterable<readonly [string, string]>
}

/** The part of a request that is used to upgrade its connection, or to refuse that. */
export interface UpgradeExchange extends AskingRequest {
  readonly started: boolean
  readonly outcome: Outcome | undefined
  readonly responseHeaders: Headers
  asksToUpgrade(protocol: string): boolean
  setHeader(name: string, value: string): void
  processingFailed(error: unknown): void
}

/** The part of a request that states the protocol that the client asks for. */
interface AskingRequest {
  readonly clientproto: string
  readonly requestHeaders: Headers
}

/**
 * Sets the headers of a 101, or refuses a client that did not ask for the upgrade.
 *
 * @returns whether the 101 is to be sent.
 * @throws {LocalProtocolError} once a response has begun.
 * @throws {TypeError} when `next` is not a protocol, or a header cannot be sent.
 */
export function prepareUpgrade(
  request: UpgradeExchange,
  next: ProtocolEvents,
  { protocol, headers }: UpgradeOptions,
  { disconnecting }: Pick<Transport, 'disconnecting'>,
): boolean {
  if (request.outcome === 'aborted') return false
  if (request.started || request.outcome !== undefined)
    throw new LocalProtocolError('Cannot upgrade: the response has begun')
  checkValue('upgrade', 'next', next, NEXT_PROTOCOL)
  if (disconnecting) return false
  if (!request.asksToUpgrade(protocol)) {
    request.processingFailed(upgradeRefusal(protocol, isUpgradeTo(protocol, request)))
    return false
  }
  for (const [name, value] of headers ?? []) request.responseHeaders.addRawHeader(name, value)
  request.setHeader('Upgrade', protocol)
  request.setHeader('Connection', 'Upgrade')
  return true
}

/**
 * Whether the headers of a request ask for another protocol. Upgrade is valid only in HTTP/1.1, and only when
 * Connection lists it.
 *
 * @param protocol A token, compared without regard to case.
 * @see RFC 9110 §7.8
 */
export function isUpgradeTo(protocol: string, { clientproto, requestHeaders }: AskingRequest): boolean {
  if (clientproto === 'HTTP/1.0') return false
  const lists = (name: string, wanted: string): boolean =>
    lowerCaseElements(requestHeaders.getRawHeaders(name) ?? []).includes(wanted)
  return lists('upgrade', protocol.toLowerCase()) && lists('connection', 'upgrade')
}

/**
 * Makes the response to a request that cannot be upgraded: 400 when it asks for the protocol, and so has a body;
 * otherwise 426.
 *
 * @param asked Whether it asks for the protocol.
 */
export function upgradeRefusal(protocol: string, asked: boolean): HTTPError {
  if (asked) return HTTPError.withoutStack(400, 'A request to upgrade cannot have a body')
  return HTTPError.withoutStack(426, `This resource requires an upgrade to ${protocol}`, {
    headers: [['Upgrade', protocol]],
  })
}

const NEXT_PROTOCOL = having('a protocol', 'makeConnection', 'dataReceived', 'connectionLost')
