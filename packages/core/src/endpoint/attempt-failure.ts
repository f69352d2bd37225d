import type { Address } from '../addresses.ts'
import { codeOf, ConnectBindError, ConnectError, ConnectionClosed, TLSConfigurationError } from '../errors.ts'
import { notMade } from '../transport/when-made.ts'

/**
 * What `connect` of an endpoint rejects with: a ConnectError for all that goes wrong with a connection, also for what a
 * reactor throws at the call. Mistakes in the caller's arguments stay as they are.
 *
 * @param address Where the connection was to go.
 */
export function attemptFailure(address: Address, error: unknown): unknown {
  if (error instanceof ConnectionClosed) return notMade(address, error)
  if (!(error instanceof Error) || error instanceof ConnectError || error instanceof TLSConfigurationError)
    return error
  const code = codeOf(error)
  // Node's own errors have a code, also where they are TypeErrors.
  if (code === 'ERR_INVALID_IP_ADDRESS')
    return new ConnectBindError(address, 'bindAddress is no numeric address of this machine', error)
  const isMistake = error instanceof TypeError || error instanceof RangeError
  return isMistake && code === undefined ? error : new ConnectError(address, error.message, error)
}
