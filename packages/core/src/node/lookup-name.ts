import { lookup } from 'node:dns/promises'
import { tcpAddress } from '../addresses.ts'
import type { LookupOptions } from '../interfaces/reactor.ts'
import { codeOf, DNSLookupError } from '../errors.ts'
import { untilAborted } from '../transport/addresses-of-name.ts'

/**
 * The addresses of `host`, as the system orders them.
 *
 * @throws {DNSLookupError} (rejects) when it has none, or the name service did not answer.
 */
export async function lookupName(host: string, { signal }: LookupOptions = {}): Promise<readonly string[]> {
  signal?.throwIfAborted()
  const found = lookup(host, { all: true, order: 'verbatim' }).catch((cause: unknown) => {
    const why = codeOf(cause) === 'EAI_AGAIN' ? 'the name service did not answer' : 'the name has no address'
    throw new DNSLookupError(tcpAddress(host, 0), why, cause)
  })
  // The system's lookup cannot be stopped; its result is dropped.
  const addresses = await (signal === undefined ? found : untilAborted(found, signal))
  return addresses.map(({ address }) => address)
}
