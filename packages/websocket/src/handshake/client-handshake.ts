import { Headers, isToken, listElements } from '@ropewalk/http'
import { requestHead, type ResponseHead } from '@ropewalk/http/client'
import type { DeflateAgreement } from '../deflate/deflate-agreement.ts'
import type { DeflateOptions } from '../deflate/deflate-options.ts'
import { WebSocketError } from '../errors.ts'
import { acceptDeflate, offerDeflate } from './deflate-negotiation.ts'
import { parseExtensions } from './extension-offer.ts'
import { acceptFor } from './opening-handshake.ts'

/** What a client sends to open a WebSocket. */
export interface ClientHandshake {
  /** The value of Host. */
  readonly host: string
  /** The path and query. */
  readonly target: string
  /** 16 random bytes in base64. */
  readonly key: string
  /** In the client's order of preference. */
  readonly subprotocols: readonly string[]
  /** How to compress messages; undefined to offer no compression. */
  readonly deflate?: DeflateOptions | undefined
  /** Further headers: none for which `isHandshakeHeader` is true. */
  readonly headers: Headers
}

/** Every way in which a response can fail to open the WebSocket (RFC 6455 §4.1). */
export type HandshakeViolation =
  /** The response breaks the rules of HTTP, or a limit; or the connection ended before its end. */
  | 'malformed-response'
  /** A 101 of HTTP/1.0, which knows no upgrade. */
  | 'http-version'
  | 'upgrade'
  | 'connection'
  | 'accept'
  | 'subprotocol'
  | 'extensions'
  /** A redirect that may not be followed. */
  | 'redirect'

/** Thrown where a response is checked; the client makes a WebSocketHandshakeError of it, with the address. */
export class HandshakeFault extends Error {
  override readonly name = 'HandshakeFault'
  readonly violation: HandshakeViolation

  constructor(violation: HandshakeViolation, message: string) {
    super(message)
    this.violation = violation
  }
}

/** Whether the handshake itself sets a header, or a GET without a body has none. `name` is in lower case. */
export function isHandshakeHeader(name: string): boolean {
  return OWNED.has(name) || name.startsWith('sec-websocket-')
}

/** Whether subprotocols can be offered: tokens, each of them once. */
export function areSubprotocols(names: readonly string[]): boolean {
  return names.every(isToken) && new Set(names).size === names.length
}

/** Returns the head of the request that opens a WebSocket (RFC 6455 §4.1). */
export function handshakeRequest(handshake: ClientHandshake): Buffer {
  const { host, target, key, subprotocols, deflate, headers } = handshake
  const all = new Headers()
  all.addRawHeader('Host', host)
  all.addRawHeader('Upgrade', 'websocket')
  all.addRawHeader('Connection', 'Upgrade')
  all.addRawHeader('Sec-WebSocket-Key', key)
  all.addRawHeader('Sec-WebSocket-Version', '13')
  if (subprotocols.length > 0) all.addRawHeader('Sec-WebSocket-Protocol', subprotocols.join(', '))
  if (deflate !== undefined) all.addRawHeader('Sec-WebSocket-Extensions', offerDeflate(deflate))
  for (const [name, value] of headers) all.addRawHeader(name, value)
  return requestHead('GET', target, all)
}

/** What a 101 agrees on. */
export interface HandshakeAgreement {
  /** Undefined when the server chose none. */
  readonly subprotocol: string | undefined
  /** How messages are compressed; undefined when they are not. */
  readonly deflate: DeflateAgreement | undefined
}

/**
 * Checks a 101, and returns what it agrees on.
 *
 * @throws {HandshakeFault} when it does not open the WebSocket that `handshake` asks for.
 * @see RFC 6455 §4.1, the numbered list after the request
 */
export function agreementOf(
  handshake: ClientHandshake,
  { version, fields }: Pick<ResponseHead, 'version' | 'fields'>,
): HandshakeAgreement {
  if (version === '1.0')
    throw new HandshakeFault('http-version', 'the server responded with HTTP/1.0, which has no upgrade')
  const headers = Headers.fromFields(fields)
  const valuesOf = (name: string): readonly string[] => headers.getRawHeaders(name) ?? []
  checkUpgrade(valuesOf('Upgrade'))
  checkConnection(valuesOf('Connection'))
  checkAccept(valuesOf('Sec-WebSocket-Accept'), acceptFor(handshake.key))
  const deflate = extension(valuesOf('Sec-WebSocket-Extensions'), handshake.deflate)
  return { subprotocol: chosen(valuesOf('Sec-WebSocket-Protocol'), handshake.subprotocols), deflate }
}

/** RFC 6455 §4.1 (2). */
function checkUpgrade(values: readonly string[]): void {
  if (values.length === 1 && values[0]?.toLowerCase() === 'websocket') return
  throw new HandshakeFault('upgrade', `Upgrade must be websocket, and is ${shown(values)}`)
}

/** RFC 6455 §4.1 (3). */
function checkConnection(values: readonly string[]): void {
  if (listElements(values).some((option) => option.toLowerCase() === 'upgrade')) return
  throw new HandshakeFault('connection', `Connection must have the option Upgrade, and is ${shown(values)}`)
}

/** RFC 6455 §4.1 (4). */
function checkAccept(values: readonly string[], wanted: string): void {
  if (values.length === 1 && values[0] === wanted) return
  const why = `Sec-WebSocket-Accept must be ${wanted} for our key, and is ${shown(values)}`
  throw new HandshakeFault('accept', why)
}

/** RFC 6455 §4.1 (5), §9.1. */
function extension(
  values: readonly string[],
  offered: DeflateOptions | undefined,
): DeflateAgreement | undefined {
  const extensions = parseExtensions(values)
  if (extensions?.length === 0) return undefined
  if (offered !== undefined) return acceptedDeflate(values, offered)
  const what = extensions === undefined ? 'which is malformed' : 'which was not offered'
  throw new HandshakeFault('extensions', `Sec-WebSocket-Extensions is ${shown(values)}, ${what}`)
}

function acceptedDeflate(values: readonly string[], offered: DeflateOptions): DeflateAgreement | undefined {
  try {
    return acceptDeflate(values.join(', '), offered)
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error
    throw new HandshakeFault('extensions', `Sec-WebSocket-Extensions is ${shown(values)}: ${error.message}`)
  }
}

/** RFC 6455 §4.1 (6). A server may choose none of the subprotocols. */
function chosen(values: readonly string[], offered: readonly string[]): string | undefined {
  if (values.length === 0) return undefined
  const [value = ''] = values
  // The name is compared with case: it is the server's copy of ours.
  if (values.length === 1 && offered.includes(value)) return value
  const what = `${offered.length === 0 ? 'none' : offered.join(', ')} was offered`
  throw new HandshakeFault('subprotocol', `Sec-WebSocket-Protocol is ${shown(values)}, and ${what}`)
}

function shown(values: readonly string[]): string {
  return values.length === 0 ? 'missing' : JSON.stringify(values.join(', ').slice(0, 80))
}

const OWNED: ReadonlySet<string> = new Set([
  'host',
  'upgrade',
  'connection',
  'content-length',
  'transfer-encoding',
  'trailer',
  'te',
  'expect',
  'keep-alive',
  'proxy-connection',
])
