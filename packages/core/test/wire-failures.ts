import type { WireCheck, WireHarness } from '../src/checks.ts'
import type { WireEvents } from '../src/reactor.ts'
import { memoryWireHarness } from './memory-wire-harness.ts'

/** Returns the names of the checks that fail when the methods of `lie` replace those of memory wires. */
export async function wireFailuresOf(
  checks: readonly WireCheck[],
  lie?: Parameters<typeof memoryWireHarness>[0],
): Promise<string[]> {
  const failures: string[] = []
  for (const check of checks) {
    const harness: WireHarness = memoryWireHarness(lie)
    try {
      await check.run(harness)
    } catch {
      failures.push(check.name)
    }
  }
  return failures
}

/** Returns `events` with some methods replaced. */
export function withMethods(events: WireEvents, replaced: Partial<WireEvents>): WireEvents {
  return {
    wireData: (data) => events.wireData(data),
    wireEnded: () => events.wireEnded(),
    wireWritable: () => events.wireWritable(),
    wireClosed: (error) => events.wireClosed(error),
    ...replaced,
  }
}

/** Ignores all events. */
export const IGNORING: WireEvents = {
  wireData: () => undefined,
  wireEnded: () => undefined,
  wireWritable: () => undefined,
  wireClosed: () => undefined,
}
