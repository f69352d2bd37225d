import { createHash } from 'node:crypto'
import { HTTPError, type Request } from '@ropewalk/http'

/** What a client asks for when it opens a WebSocket. */
export interface OpeningHandshake {
  /** The value of the answer's Sec-WebSocket-Accept. */
  readonly accept: string
  /** The subprotocols it offers, the one it likes best first. */
  readonly subprotocols: readonly string[]
}

/**
 * Reads a client's opening handshake.
 *
 * @throws {HTTPError} 405, 426 or 400, with the headers that tell the client what would be accepted.
 * @see RFC 6455 §4.2.1
 */
export function readHandshake(request: Request): OpeningHandshake {
  if (request.method !== 'GET') throw refusal(405, 'A WebSocket is opened with GET', [['Allow', 'GET']])
  if (!listed(request, 'Upgrade').includes('websocket')) {
    throw refusal(426, 'This is a WebSocket', [UPGRADE, CONNECTION])
  }
  if (request.clientproto === 'HTTP/1.0') throw refusal(400, 'A WebSocket needs HTTP/1.1')
  if (!listed(request, 'Connection').includes('upgrade')) throw refusal(400, 'Connection: Upgrade is missing')
  const versions = request.requestHeaders.getRawHeaders('Sec-WebSocket-Version') ?? []
  if (versions.length !== 1 || versions[0] !== '13') {
    throw refusal(426, 'Only version 13 is spoken', [['Sec-WebSocket-Version', '13'], UPGRADE, CONNECTION])
  }
  if (!request.body.complete || request.requestHeaders.hasHeader('Transfer-Encoding')) {
    throw refusal(400, 'A WebSocket is opened without a body')
  }
  return { accept: acceptFor(readKey(request)), subprotocols: readSubprotocols(request) }
}

/** The proof that a server understood the handshake with this key. */
export function acceptFor(key: string): string {
  return createHash('sha1').update(key).update(GUID).digest('base64')
}

function readKey(request: Request): string {
  const keys = request.requestHeaders.getRawHeaders('Sec-WebSocket-Key') ?? []
  const [key] = keys
  if (keys.length !== 1 || key === undefined || !SIXTEEN_BYTES.test(key)) {
    throw refusal(400, 'Sec-WebSocket-Key must be 16 bytes in base64, once')
  }
  return key
}

function readSubprotocols(request: Request): string[] {
  const values = request.requestHeaders.getRawHeaders('Sec-WebSocket-Protocol') ?? []
  const offered = new Set<string>()
  for (const value of values) {
    for (const item of value.split(',')) {
      const name = trimmed(item)
      if (!TOKEN.test(name) || offered.has(name)) {
        throw refusal(400, 'Sec-WebSocket-Protocol must list tokens, each once')
      }
      offered.add(name)
    }
  }
  return [...offered]
}

/** The elements of a list header, in lower case. */
function listed(request: Request, name: string): string[] {
  const values = request.requestHeaders.getRawHeaders(name) ?? []
  return values.flatMap((value) => value.split(',')).map((item) => trimmed(item).toLowerCase())
}

function trimmed(item: string): string {
  // Not a regular expression: one that looks for blanks at the end is quadratic in blanks.
  let start = 0
  let end = item.length
  while (start < end && isBlank(item[start])) start++
  while (end > start && isBlank(item[end - 1])) end--
  return item.slice(start, end)
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t'
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
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
