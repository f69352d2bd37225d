import type { Transport } from '../interfaces/transport.ts'
import type { ProxyHeader } from './proxy-header.ts'

/**
 * The PROXY header with which a connection began, whoever reads the connection now.
 *
 * @returns undefined when it began without one.
 */
export function proxyHeaderOf(transport: Transport): ProxyHeader | undefined {
  return HEADERS.get(transport)
}

/** Keeps the header of a connection for as long as its transport. */
export function keepProxyHeader(transport: Transport, header: ProxyHeader): void {
  HEADERS.set(transport, header)
}

/** Keyed by the connection: whoever asks has the transport, and knows nothing of the factory that read the header. */
const HEADERS = new WeakMap<Transport, ProxyHeader>()
