/** Makes a frozen TCP address; `::ffff:192.0.2.1` becomes `192.0.2.1`. */
export function tcpAddress(host: string, port: number): TCPAddress {
  const numeric = unmapped(host)
  return Object.freeze({ type: 'TCP', family: familyOf(numeric), host: numeric, port })
}

/** Makes a frozen UDP address; `::ffff:192.0.2.1` becomes `192.0.2.1`. */
export function udpAddress(host: string, port: number): UDPAddress {
  const numeric = unmapped(host)
  return Object.freeze({ type: 'UDP', family: familyOf(numeric), host: numeric, port })
}

/** Makes a frozen UNIX address. */
export function unixAddress(path: string): UNIXAddress {
  return Object.freeze({ type: 'UNIX', path })
}

/** Formats an address for a reader: `127.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`. */
export function formatAddress(address: Address | UDPAddress): string {
  if (address.type === 'UNIX') return `unix:${address.path}`
  return address.family === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

function unmapped(host: string): string {
  const mapped = host.toLowerCase().startsWith('::ffff:') && host.includes('.')
  return mapped ? host.slice('::ffff:'.length) : host
}

function familyOf(host: string): 4 | 6 {
  return host.includes(':') ? 6 : 4
}

/**
 * The address of one end of a TCP connection. `host` is numeric; an IPv4-mapped IPv6 address is given as
 * IPv4.
 */
export interface TCPAddress {
  readonly type: 'TCP'
  readonly family: 4 | 6
  readonly host: string
  readonly port: number
}

/** The address of one end of a UNIX socket connection. `path` is empty for an end that was never bound. */
export interface UNIXAddress {
  readonly type: 'UNIX'
  readonly path: string
}

/** The source or destination of a datagram. `host` is numeric. */
export interface UDPAddress {
  readonly type: 'UDP'
  readonly family: 4 | 6
  readonly host: string
  readonly port: number
}

/** The address of one end of a connection. Compare its fields, or print it with `formatAddress`. */
export type Address = TCPAddress | UNIXAddress
