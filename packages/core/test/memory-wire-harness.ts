import type { WireEvents } from '../src/interfaces/wire.ts'
import { MemoryWire } from '../src/testing/memory-wire.ts'
import type { WireCapability, WireEnd, WireHarness } from '../src/checks/wire-harness.ts'
import { Turn } from '../src/transport/connection-registry.ts'

/** Wires in memory. `lie` replaces methods of both, to see which check notices. */
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
    throw new Error('The wires never come to rest')
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
      if (!condition()) throw new Error(`It never came about that ${String(condition)}`)
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
