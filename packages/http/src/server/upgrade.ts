import type { HTTPVersion } from '../codec/framing.ts'
import { HTTPError } from '../errors.ts'
import { lowerCaseElements } from '../message/field-grammar.ts'
import type { Headers } from '../message/headers.ts'

/** The content of a 101 response. */
export interface UpgradeOptions {
  /** The value of the response's Upgrade header, such as `websocket`. */
  readonly protocol: string
  /** More headers of the response. */
  readonly headers?: Iterable<readonly [string, string]>
}

/**
 * Whether the headers of a request ask for another protocol. Upgrade is valid only in HTTP/1.1, and only when
 * Connection lists it.
 *
 * @param protocol A token, compared without regard to case.
 * @see RFC 9110 §7.8
 */
export function isUpgradeTo(protocol: string, version: HTTPVersion, headers: Headers): boolean {
  if (version === '1.0') return false
  const lists = (name: string, wanted: string): boolean =>
    lowerCaseElements(headers.getRawHeaders(name) ?? []).includes(wanted)
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
