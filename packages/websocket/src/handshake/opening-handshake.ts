import { HTTPError, isToken, listElements, type Request } from '@ropewalk/http'
import { type ExtensionOffer, parseExtensions, presentElements } from './extension-offer.ts'

/** The content of a client's valid opening handshake. */
export interface OpeningHandshake {
  /** The value of Sec-WebSocket-Accept in the response. */
  readonly accept: string
  /** The subprotocols that the client offers, in its order of preference. */
  readonly subprotocols: readonly string[]
  /** The extensions that the client offers, in its order of preference. */
  readonly extensions: readonly ExtensionOffer[]
}

/**
 * Reads a client's opening handshake.
 *
 * @throws {HTTPError} 405, 426 or 400, with headers that state what would be accepted.
 * @see RFC 6455 §4.2.1
 */
export function readHandshake(request: Request): OpeningHandshake {
  if (request.method !== 'GET') throw refusal(405, 'A WebSocket must be opened with GET', [['Allow', 'GET']])
  if (!lists(request, 'Upgrade', 'websocket')) {
    throw upgradeRequired('This resource is a WebSocket: send Upgrade: websocket, through each proxy')
  }
  if (request.clientproto === 'HTTP/1.0')
    throw refusal(400, 'A WebSocket requires HTTP/1.1, from a proxy too (nginx: proxy_http_version 1.1)')
  if (!lists(request, 'Connection', 'upgrade'))
    throw refusal(400, 'Connection: Upgrade is missing; a proxy must send it too')
  const versions = valuesOf(request, 'Sec-WebSocket-Version')
  if (versions.length !== 1 || versions[0] !== '13') {
    throw upgradeRequired('Sec-WebSocket-Version must appear once, with 13')
  }
  if (request.hasBody || request.requestHeaders.hasHeader('Transfer-Encoding')) {
    throw refusal(400, 'A WebSocket must be opened without a body')
  }
  return {
    accept: acceptFor(readKey(request)),
    subprotocols: readSubprotocols(request),
    extensions: readExtensions(request),
  }
}

/** Returns the Sec-WebSocket-Accept for a key, which proves that the server understood the handshake. */
export function acceptFor(key: string): string {
  // Loaded here: importing the package needs no cryptography.
  // oxlint-disable-next-line no-restricted-globals -- an import, not the state of the process
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha1').update(key).update(GUID).digest('base64')
}

function readKey(request: Request): string {
  const keys = valuesOf(request, 'Sec-WebSocket-Key')
  const [key] = keys
  if (keys.length !== 1 || key === undefined || !SIXTEEN_BYTES.test(key)) {
    throw refusal(400, 'Sec-WebSocket-Key must appear once, with 16 bytes in base64')
  }
  return key
}

function readSubprotocols(request: Request): readonly string[] {
  const offered = presentElements(valuesOf(request, 'Sec-WebSocket-Protocol'))
  const valid = offered?.every(isToken) && new Set(offered).size === offered.length
  if (offered === undefined || !valid)
    throw refusal(400, 'Sec-WebSocket-Protocol must list tokens, each of them once')
  return offered
}

function readExtensions(request: Request): readonly ExtensionOffer[] {
  const offered = parseExtensions(valuesOf(request, 'Sec-WebSocket-Extensions'))
  if (offered === undefined) throw refusal(400, 'Sec-WebSocket-Extensions is malformed')
  return offered
}

/** Whether a list header has this element, compared without case. `element` is in lower case. */
function lists(request: Request, name: string, element: string): boolean {
  return listElements(valuesOf(request, name)).some((item) => item.toLowerCase() === element)
}

function valuesOf(request: Request, name: string): readonly string[] {
  return request.requestHeaders.getRawHeaders(name) ?? []
}

/** RFC 6455 §4.4, RFC 9110 §15.5.22. */
function upgradeRequired(why: string): HTTPError {
  return refusal(426, why, [VERSION, UPGRADE, CONNECTION])
}

function refusal(code: number, why: string, headers: readonly (readonly [string, string])[] = []): HTTPError {
  return HTTPError.withoutStack(code, why, { headers })
}

const VERSION = ['Sec-WebSocket-Version', '13'] as const
const UPGRADE = ['Upgrade', 'websocket'] as const
const CONNECTION = ['Connection', 'Upgrade'] as const
/** RFC 6455 §1.3: a GUID that an endpoint without WebSocket support is unlikely to append to the key. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** 16 bytes in base64: 21 characters of six bits, one with the last two bits, and the padding. */
const SIXTEEN_BYTES = /^[A-Za-z0-9+/]{21}[AQgw]==$/
