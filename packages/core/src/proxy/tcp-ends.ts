import type { Address, TCPAddress } from '../addresses.ts'
import { parseIP } from '../hosts.ts'
import type { ProxyAddresses } from './proxy-header.ts'

/** Two TCP addresses, ready to be written in one family: 6 as soon as one of them is IPv6. */
export interface TCPEnds {
  readonly family: 4 | 6
  readonly source: TCPEnd
  readonly destination: TCPEnd
}

/** A TCP address as bytes. */
export interface TCPEnd {
  /** 4 bytes, or 16. */
  readonly host: Buffer
  readonly port: number
}

/**
 * The ends of a TCP connection; undefined when it is another kind of connection.
 *
 * @throws {TypeError} when a host is not numeric or a port is none.
 */
export function tcpEnds({ source, destination }: ProxyAddresses): TCPEnds | undefined {
  if (!isTCP(source) || !isTCP(destination)) return undefined
  const [from, to] = [tcpEnd(source), tcpEnd(destination)]
  return { family: from.host.length === 4 && to.host.length === 4 ? 4 : 6, source: from, destination: to }
}

function isTCP(address: Address): address is TCPAddress {
  return address.type === 'TCP'
}

function tcpEnd({ host, port }: TCPAddress): TCPEnd {
  // A zone means nothing on another machine.
  const [numeric = ''] = host.split('%')
  const bytes = parseIP(numeric)
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535
  if (bytes !== undefined && isPort) return { host: bytes, port }
  throw new TypeError(
    `Cannot write ${JSON.stringify(host)}, port ${port}, in a PROXY header: it is no address`,
  )
}
