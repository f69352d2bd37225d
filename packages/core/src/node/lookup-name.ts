import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { tcpAddress } from '../addresses.ts'
import type { LookupOptions, ReactorNames } from '../contracts/reactor.ts'
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

/** The same for sockets, which ask by themselves: each asks `answers`, and takes what it can reach of the answer. */
export function lookupForSockets(answers: ReactorNames['lookup']): LookupFunction {
  return (host, { all = false, family = 0 }, answer) => {
    const tell = (addresses: readonly string[]): void => {
      const found = addresses.map((address) => ({ address, family: isIP(address) }))
      const reachable = found.filter(
        (each) => family === 0 || `IPv${each.family}` === family || each.family === family,
      )
      const [first] = reachable
      if (first === undefined) answer(nothingFound(host), '')
      else if (all) answer(null, reachable)
      else answer(null, first.address, first.family)
    }
    void (async () => tell(await answers(host)))().catch((error: Error) => answer(error, ''))
  }
}

function nothingFound(host: string): DNSLookupError {
  return new DNSLookupError(tcpAddress(host, 0), 'the name has no address of a family that can be used')
}

/** The system's lookup cannot be stopped; nobody waits for it any more. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', giveUp, { once: true })
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
