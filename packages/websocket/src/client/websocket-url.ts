import { type Address, tcpAddress, unixAddress } from '@ropewalk/core'
import type { OptionProblem, OptionRule } from '@ropewalk/core/options'
import { basicCredentials } from '@ropewalk/http/client'

/** Where a WebSocket is opened: the parts of a URL that decide about the connection and the request. */
export interface WebSocketTarget {
  /** Without user name and password. */
  readonly url: URL
  /** Whether TLS runs below the WebSocket: `wss`. */
  readonly secure: boolean
  /** Where to connect. */
  readonly address: Address
  /** The name for which the certificate of the server must be. */
  readonly serverName: string
  /** The value of Host. */
  readonly host: string
  /** The path and query of the request. */
  readonly path: string
  /** The value of Authorization for the user name and password of the URL; undefined when it has none. */
  readonly authorization: string | undefined
}

/**
 * Returns the parts of a URL that `WEBSOCKET_URL` accepts.
 *
 * @throws {TypeError} when its user name or password cannot be sent.
 */
export function webSocketTarget(given: string | URL): WebSocketTarget {
  const url = new URL(given)
  const authorization = authorizationOf(url)
  url.username = ''
  url.password = ''
  const secure = url.protocol.startsWith('wss')
  if (isUNIX(url)) {
    const { socket, path } = unixParts(url)
    const address = unixAddress(socket)
    return { url, secure, address, serverName: 'localhost', host: 'localhost', path, authorization }
  }
  const serverName = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const address = tcpAddress(serverName, url.port === '' ? (secure ? 443 : 80) : Number(url.port))
  const path = `${url.pathname}${url.search}`
  return { url, secure, address, serverName, host: url.host, path, authorization }
}

/**
 * The URL of a WebSocket (RFC 6455 §3): `ws://host/path`, `wss://host/path`; `ws+unix:/run/app.sock:/path` for a UNIX
 * socket.
 */
export const WEBSOCKET_URL: OptionRule = (value) => {
  if (typeof value !== 'string' && !(value instanceof URL)) return { kind: 'type', wanted: WANTED }
  let url: URL
  try {
    url = new URL(value)
  } catch {
    return { kind: 'range', wanted: WANTED }
  }
  return faultOf(url)
}

/** The value is not shown as it is: it may have a password. */
function faultOf(url: URL): OptionProblem | undefined {
  const problem = (part: keyof URL, wanted: string): OptionProblem => {
    return { kind: 'range', wanted, at: `.${part}`, found: url[part] }
  }
  if (!SCHEMES.has(url.protocol)) return problem('protocol', 'ws: or wss:, also ws+unix: or wss+unix:')
  if (url.hash !== '') return problem('hash', 'no fragment: RFC 6455 §3 forbids it, write # as %23')
  if (url.port === '0') return problem('port', 'a port from 1 to 65535')
  if (isUNIX(url) && (url.host !== '' || !unixParts(url).socket.startsWith('/')))
    return problem('pathname', 'the absolute path of a socket: ws+unix:/run/app.sock:/path')
  return undefined
}

/** `/run/app.sock:/path`: a colon in the path of the socket is written as %3A. */
function unixParts({ pathname, search }: URL): { readonly socket: string; readonly path: string } {
  const [socket = '', ...rest] = pathname.split(':')
  const path = rest.join(':')
  return { socket: decoded(socket), path: `${path.startsWith('/') ? '' : '/'}${path}${search}` }
}

function isUNIX({ protocol }: URL): boolean {
  return protocol.endsWith('+unix:')
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return basicCredentials({ username: decoded(username), password: decoded(password) })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError('Cannot decode the URL of a WebSocket: a % must be followed by UTF-8 in hexadecimal')
  }
}

const SCHEMES: ReadonlySet<string> = new Set(['ws:', 'wss:', 'ws+unix:', 'wss+unix:'])
const WANTED = 'the URL of a WebSocket, such as ws://127.0.0.1:8080/chat'
