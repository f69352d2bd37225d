import type { WireCapability, WireEnd, WireHarness } from '../src/checks.ts'
import type { WireEvents } from '../src/reactor.ts'
import { MemoryWire } from '../src/testing/memory-wire.ts'
import { Turn } from '../src/transport/connection-registry.ts'

/** A harness over memory wires. The methods of `lie` replace those of both ends, to find out which checks fail. */
export function memoryWireHarness(
  lie: (end: WireEnd) => Partial<WireEnd['wire']> & Partial<Pick<WireEnd, 'attach'>> = () => ({}),
): WireHarness {
  let waits = false
  const turn = new Turn(() => (waits = true))
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < MAX_TURNS; turns++) {
      await Promise.resolve()
      if (!waits) return
      waits = false
      turn.end()
    }
    throw new Error('The wires never become idle')
  }
  const endOf = (wire: MemoryWire): WireEnd => {
    const end: WireEnd = { wire, attach: (events: WireEvents) => wire.attach(events) }
    const { attach = end.attach, ...methods } = lie(end)
    return { wire: Object.assign(wire, methods), attach }
  }
  return {
    capabilities: ALL,
    until: async (condition) => {
      await settle()
      if (!condition()) throw new Error(`The condition never held: ${String(condition)}`)
    },
    quiet: settle,
    advance: () => undefined,
    connect: async () => {
      const [here, there] = MemoryWire.pair(turn)
      return { here: endOf(here), there: endOf(there) }
    },
  }
}

const ALL: ReadonlySet<WireCapability> = new Set(['reset', 'backpressure', 'early end', 'late attach'])
const MAX_TURNS = 10_000
