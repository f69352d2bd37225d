import type { TransportHarness } from '../../src/checks.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { memoryHarness } from '../memory-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from './certificates.ts'

/** Connections over TLS over memory. OpenSSL needs several turns, so time passes as with sockets. */
export function tlsMemoryHarness(): TransportHarness {
  const reactor = new MemoryReactor()
  const memory = memoryHarness(
    reactor,
    async (serverProtocol, clientProtocol) => {
      const port = await reactor.listenSSL(443, new OneProtocol(serverProtocol), server)
      const connector = reactor.connectSSL('localhost', 443, new OneProtocol(clientProtocol), {
        trustRoots: [root],
      })
      await settleUntil(
        reactor,
        () => serverProtocol.made && (clientProtocol.made || connector.state === 'disconnected'),
      )
      await port.stopListening()
      return {
        server: serverProtocol.transport,
        get client() {
          return clientProtocol.transport
        },
      }
    },
    new Set(['backpressure']),
  )
  return {
    ...memory,
    until: (condition) => settleUntil(reactor, condition),
    quiet: async () => {
      for (let turns = 0; turns < 50; turns++) await turn(reactor)
    },
  }
}

/** Waits, turn after turn, until `condition` holds. */
export async function settleUntil(reactor: MemoryReactor, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    await reactor.settle()
    if (condition()) return
    if (performance.now() > deadline) throw new Error(`It never came about that ${String(condition)}`)
    await turn(reactor)
  }
}

async function turn(reactor: MemoryReactor): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await reactor.settle()
}

const PATIENCE_MS = 10_000
