/** Where a TCP connection ends. `host` is numeric; an IPv4 address mapped into IPv6 is given as IPv4. */
export interface TCPAddress {
  readonly type: 'TCP'
  readonly family: 4 | 6
  readonly host: string
  readonly port: number
}

/** Where a UNIX socket connection ends. `path` is empty for an end that was never bound. */
export interface UNIXAddress {
  readonly type: 'UNIX'
  readonly path: string
}

/** Where a datagram comes from or goes to. `host` is numeric. */
export interface UDPAddress {
  readonly type: 'UDP'
  readonly family: 4 | 6
  readonly host: string
  readonly port: number
}

/** Where a connection ends: compare fields, or print with `formatAddress`. */
export type Address = TCPAddress | UNIXAddress
