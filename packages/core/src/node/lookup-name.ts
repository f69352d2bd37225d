import { lookup } from 'node:dns/promises'
import { tcpAddress } from '../addresses.ts'
import type { LookupOptions } from '../contracts/reactor.ts'
import { DNSLookupError } from '../errors.ts'

/**
 * The addresses of `host`, as the system orders them.
 *
 * @throws {DNSLookupError} (rejects) when it has none.
 */
export async function lookupName(host: string, { signal }: LookupOptions = {}): Promise<readonly string[]> {
  signal?.throwIfAborted()
  const found = lookup(host, { all: true, order: 'verbatim' }).catch((cause: unknown) => {
    throw new DNSLookupError(tcpAddress(host, 0), 'the name has no address', cause)
  })
  const addresses = await (signal === undefined ? found : untilAborted(found, signal))
  return addresses.map(({ address }) => address)
}

/** The system's lookup cannot be stopped; nobody waits for it any more. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', giveUp, { once: true })
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
