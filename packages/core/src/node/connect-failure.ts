import type { Address } from '../addresses.ts'
import {
  codeOf,
  ConnectBindError,
  ConnectError,
  ConnectionRefusedError,
  DNSLookupError,
  NoRouteError,
  TCPTimedOutError,
} from '../errors.ts'

/** The error that says why a socket could not connect, from the system's. */
export function connectFailure(address: Address, cause: unknown): ConnectError {
  if (cause instanceof DNSLookupError) return new DNSLookupError(address, 'the name has no address', cause)
  const code = codeOf(cause)
  const [Failure, why] = FAILURE[code ?? ''] ?? [ConnectError, undefined]
  const message = cause instanceof Error && cause.message !== '' ? cause.message : String(code ?? cause)
  return new Failure(address, why === undefined ? message : `${why} (${code})`, cause)
}

const FAILURE: Readonly<Record<string, readonly [typeof ConnectError, string]>> = {
  ECONNREFUSED: [ConnectionRefusedError, 'no program listens there'],
  ENOENT: [ConnectionRefusedError, 'there is no such socket'],
  ETIMEDOUT: [TCPTimedOutError, 'no answer came'],
  ENOTFOUND: [DNSLookupError, 'the name has no address'],
  EAI_AGAIN: [DNSLookupError, 'the name service did not answer'],
  EHOSTUNREACH: [NoRouteError, 'the host cannot be reached'],
  ENETUNREACH: [NoRouteError, 'the network cannot be reached'],
  EADDRNOTAVAIL: [ConnectBindError, 'the local address cannot be used'],
  EADDRINUSE: [ConnectBindError, 'the local address is in use'],
}
