import type { Transport } from '../interfaces/transport.ts'
import { ConnectionClosed, NotConnectedError } from '../errors.ts'
import { tolerated } from '../safely.ts'

/**
 * Why nothing can be sent any more on `transport`, of which `drained` has answered false: the reason that
 * `connectionLost` gets, once it is known, or a NotConnectedError after `loseWriteConnection`.
 */
export async function whyClosed(transport: Transport): Promise<Error> {
  if (!transport.disconnecting) return new NotConnectedError('Cannot send after loseWriteConnection')
  const { signal } = transport
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return signal.reason as Error
}

/**
 * The same promise, but the end of the connection never becomes an unhandled rejection, which ends the process:
 * a peer that leaves must not. Code that awaits the promise gets it. Anything else stays a rejection like any other.
 */
export function swallowIfClosed<T>(work: Promise<T>): Promise<T> {
  return tolerated(work, isEnd)
}

function isEnd(error: unknown): boolean {
  return error instanceof ConnectionClosed || error instanceof NotConnectedError
}
