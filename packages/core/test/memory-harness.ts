import type { TransportCapability, TransportHarness } from '../src/checks.ts'
import { connectedPair, leftovers, MemoryReactor } from '../src/testing.ts'

const CAPABILITIES: ReadonlySet<TransportCapability> = new Set(['reset', 'backpressure', 'virtual time'])

/** A harness over a memory reactor; `connect` makes its pairs. */
export function memoryHarness(
  reactor: MemoryReactor,
  connect: TransportHarness['connect'],
  capabilities: ReadonlySet<TransportCapability> = CAPABILITIES,
): TransportHarness {
  return {
    capabilities,
    logged: reactor.logged,
    connect,
    until: async (condition) => {
      await reactor.settle()
      if (!condition()) throw new Error(`The condition never held: ${String(condition)}`)
    },
    quiet: () => reactor.settle(),
    advance: (ms) => reactor.advance(ms),
    leftovers: async () => {
      for (const transport of reactor.connections) transport.abortConnection()
      await reactor.settle()
      return leftovers(reactor)
    },
  }
}

/** A harness with pairs of connections in memory, without ports. */
export function pairHarness(): TransportHarness {
  const reactor = new MemoryReactor()
  return memoryHarness(reactor, async (server, client) => connectedPair(server, client, { reactor }))
}
