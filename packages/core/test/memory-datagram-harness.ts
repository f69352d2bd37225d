import type { DatagramCheck, DatagramHarness } from '../src/checks.ts'
import { MemoryReactor } from '../src/testing.ts'
import type { DatagramTransport } from '../src/udp.ts'

/** A harness over the UDP ports of a memory reactor. */
export function memoryDatagramHarness(): DatagramHarness {
  const reactor = new MemoryReactor()
  return {
    logged: reactor.logged,
    listen: (port, protocol, options) =>
      reactor.listenMulticast(port, protocol, { interface: '127.0.0.1', ...options }),
    until: async (condition) => {
      await reactor.settle()
      if (!condition()) throw new Error(`The condition never held: ${String(condition)}`)
    },
    quiet: () => reactor.settle(),
  }
}

/** Returns the names of the checks that fail when the methods of `lie` replace those of sound ports. */
export async function datagramLieNoticedBy(
  checks: readonly DatagramCheck[],
  lie: (port: DatagramTransport) => Partial<DatagramTransport>,
): Promise<string[]> {
  const failures: string[] = []
  for (const check of checks) {
    const harness = memoryDatagramHarness()
    const listen: DatagramHarness['listen'] = async (...how) => {
      const port = await harness.listen(...how)
      return Object.assign(port, lie(port))
    }
    await check.run({ ...harness, listen }).catch(() => failures.push(check.name))
  }
  return failures
}

/** Returns the names of the checks that fail with sound ports. */
export function datagramFailuresOf(checks: readonly DatagramCheck[]): Promise<string[]> {
  return datagramLieNoticedBy(checks, () => ({}))
}
