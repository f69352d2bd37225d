import type { TransportCheck, TransportHarness } from '../src/checks.ts'
import type { Transport } from '../src/index.ts'
import { StreamTransport } from '../src/transport/stream-transport.ts'
import { pairHarness } from './memory-harness.ts'

/** Returns the names of the checks that fail when the methods of `lie` replace those of sound transports. */
export function noticedBy(
  checks: readonly TransportCheck[],
  lie: (transport: Transport) => Partial<Transport>,
): Promise<string[]> {
  return failuresOf(checks, () => lyingHarness(lie))
}

/** Returns the names of the checks that fail. */
export async function failuresOf(
  checks: readonly TransportCheck[],
  makeHarness: () => TransportHarness,
): Promise<string[]> {
  const failures: string[] = []
  for (const check of checks) {
    try {
      await check.run(makeHarness())
    } catch {
      failures.push(check.name)
    }
  }
  return failures
}

function lyingHarness(lie: (transport: Transport) => Partial<Transport>): TransportHarness {
  const harness = pairHarness()
  return {
    ...harness,
    connect: async (server, client) => {
      const pair = await harness.connect(server, client)
      for (const transport of [pair.server, pair.client]) {
        const lies = lie(transport)
        // The connection calls its own methods after a fault, so it lies too.
        Object.assign(transport, lies)
        Object.assign(StreamTransport.connectionOf(transport) ?? {}, lies)
      }
      return pair
    },
  }
}
