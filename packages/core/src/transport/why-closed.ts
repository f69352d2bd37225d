import type { Transport } from '../contracts/transport.ts'
import { ConnectionClosed, NotConnectedError } from '../errors.ts'

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
 * The same promise, but whoever does not wait for it need not hear of the end of the connection: a
 * peer that leaves must not become an unhandled rejection, which ends the process. Anything else stays one.
 */
export function unheardIfClosed<T>(work: Promise<T>): Promise<T> {
  const outcome = new Promise<T>((resolve, reject) => {
    work.then(resolve, (error: unknown) => {
      if (error instanceof ConnectionClosed || error instanceof NotConnectedError)
        outcome.catch(() => undefined)
      reject(error)
    })
  })
  return outcome
}
