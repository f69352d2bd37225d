import { AsyncLocalStorage } from 'node:async_hooks'
import type { Transport } from '../contracts/transport.ts'

/** The context in which everything runs that a connection's callbacks begin, across `await` and timers. */
export const connectionContext: AsyncLocalStorage<Transport> = new AsyncLocalStorage()

/** The connection in whose callback, or what it has begun, the caller runs; undefined elsewhere. */
export function currentTransport(): Transport | undefined {
  return connectionContext.getStore()
}
