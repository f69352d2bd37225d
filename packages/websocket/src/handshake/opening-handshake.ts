import { createHash } from 'node:crypto'
import { HTTPError, type Request } from '@ropewalk/http'
import { type ExtensionOffer, listElements, parseExtensions, TOKEN, trimmed } from './extension-offer.ts'

/** What a client asks for when it opens a WebSocket. */
export interface OpeningHandshake {
  /** The value of the answer's Sec-WebSocket-Accept. */
  readonly accept: string
  /** The subprotocols it offers, the one it likes best first. */
  readonly subprotocols: readonly string[]
  /** The extensions it offers, the one it likes best first. None is built in: all are declined. */
  readonly extensions: readonly ExtensionOffer[]
}

/**
 * Reads a client's opening handshake.
 *
 * @throws {HTTPError} 405, 426 or 400, with the headers that name what would be accepted.
 * @see RFC 6455 §4.2.1
 */
export function readHandshake(request: Request): OpeningHandshake {
  if (request.method !== 'GET') throw refusal(405, 'A WebSocket is opened with GET', [['Allow', 'GET']])
  if (!lists(request, 'Upgrade', 'websocket')) {
    throw refusal(426, 'This is a WebSocket', [UPGRADE, CONNECTION])
  }
  if (request.clientproto === 'HTTP/1.0') throw refusal(400, 'A WebSocket needs HTTP/1.1')
  if (!lists(request, 'Connection', 'upgrade')) throw refusal(400, 'Connection: Upgrade is missing')
  const versions = valuesOf(request, 'Sec-WebSocket-Version')
  if (versions.length !== 1 || versions[0] !== '13') {
    throw refusal(426, 'Only version 13 is spoken', [['Sec-WebSocket-Version', '13'], UPGRADE, CONNECTION])
  }
  if (!request.body.complete || request.requestHeaders.hasHeader('Transfer-Encoding')) {
    throw refusal(400, 'A WebSocket is opened without a body')
  }
  return {
    accept: acceptFor(readKey(request)),
    subprotocols: readSubprotocols(request),
    extensions: readExtensions(request),
  }
}

/** The proof that a server understood the handshake with this key. */
export function acceptFor(key: string): string {
  return createHash('sha1').update(key).update(GUID).digest('base64')
}

function readKey(request: Request): string {
  const keys = valuesOf(request, 'Sec-WebSocket-Key')
  const [key] = keys
  if (keys.length !== 1 || key === undefined || !SIXTEEN_BYTES.test(key)) {
    throw refusal(400, 'Sec-WebSocket-Key must be 16 bytes in base64, once')
  }
  return key
}

function readSubprotocols(request: Request): readonly string[] {
  const offered = listElements(valuesOf(request, 'Sec-WebSocket-Protocol'))
  const valid = offered?.every((name) => TOKEN.test(name)) && new Set(offered).size === offered.length
  if (offered === undefined || !valid)
    throw refusal(400, 'Sec-WebSocket-Protocol must list tokens, each once')
  return offered
}

function readExtensions(request: Request): readonly ExtensionOffer[] {
  const offered = parseExtensions(valuesOf(request, 'Sec-WebSocket-Extensions'))
  if (offered === undefined) throw refusal(400, 'Sec-WebSocket-Extensions is malformed')
  return offered
}

/** Whether `element`, in lower case, is among the elements of a list header, in any case. */
function lists(request: Request, name: string, element: string): boolean {
  return valuesOf(request, name)
    .flatMap((value) => value.split(','))
    .some((item) => trimmed(item).toLowerCase() === element)
}

function valuesOf(request: Request, name: string): readonly string[] {
  return request.requestHeaders.getRawHeaders(name) ?? []
}

function refusal(code: number, why: string, headers: readonly (readonly [string, string])[] = []): HTTPError {
  return new HTTPError(code, why, { headers })
}

const UPGRADE = ['Upgrade', 'websocket'] as const
const CONNECTION = ['Connection', 'Upgrade'] as const
/** RFC 6455 §1.3: what a server that does not know WebSocket would never append. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** 16 bytes: 21 characters of six bits, one that carries the last two, and the padding. */
const SIXTEEN_BYTES = /^[A-Za-z0-9+/]{21}[AQgw]==$/
