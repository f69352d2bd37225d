import { HandshakeFault } from '../handshake/client-handshake.ts'
import { WEBSOCKET_URL, type WebSocketTarget, webSocketTarget } from './websocket-url.ts'

/** Where a redirect leads. */
export interface Redirect {
  readonly target: WebSocketTarget
  /** Whether scheme, host and port are the same: only then may credentials be sent. */
  readonly sameOrigin: boolean
}

/** Whether a response redirects a GET (RFC 9110 §15.4), if it has a Location. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status)
}

/**
 * Returns where a redirect leads. A user name and password in the Location are ignored.
 *
 * @param location The value of Location (RFC 9110 §10.2.2): a reference that is relative to `from`.
 * @throws {HandshakeFault} `redirect`, when it leads to something else than a WebSocket, from TLS to a connection
 *   without, or away from a UNIX socket.
 */
export function redirectFrom(from: WebSocketTarget, location: string): Redirect {
  const base = `${from.secure ? 'wss' : 'ws'}://${from.host}${from.path}`
  const url = webSocketURL(location, base)
  if (WEBSOCKET_URL(url) !== undefined || url.protocol.includes('unix'))
    throw refused(location, 'it is not the URL of a WebSocket')
  if (from.secure && url.protocol === 'ws:') throw refused(location, 'it leaves TLS')
  const sameOrigin = url.origin === new URL(base).origin
  if (from.address.type === 'TCP') {
    const target = webSocketTarget(url)
    return { target: sameOrigin ? { ...target, authorization: from.authorization } : target, sameOrigin }
  }
  if (!sameOrigin) throw refused(location, 'it leaves the UNIX socket')
  return { target: { ...from, path: `${url.pathname}${url.search}` }, sameOrigin }
}

function webSocketURL(location: string, base: string): URL {
  try {
    const url = new URL(location, base)
    // Servers write the Location of a WebSocket with the scheme of HTTP, too.
    if (url.protocol === 'http:') url.protocol = 'ws:'
    if (url.protocol === 'https:') url.protocol = 'wss:'
    url.username = ''
    url.password = ''
    url.hash = ''
    return url
  } catch {
    throw refused(location, 'it is not a URL')
  }
}

function refused(location: string, why: string): HandshakeFault {
  const shown = JSON.stringify(location.slice(0, 80))
  return new HandshakeFault('redirect', `cannot follow the redirect to ${shown}: ${why}`)
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
