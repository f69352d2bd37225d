import type { MemoryReactor } from '../src/testing.ts'

/** Advances time from one delayed call to the next, and settles after each. */
export async function passTime(reactor: MemoryReactor, ms: number): Promise<void> {
  await reactor.settle()
  const end = reactor.now() + ms
  do {
    const next = Math.min(end, ...reactor.getDelayedCalls().map((call) => call.getTime()))
    reactor.advance(Math.max(0, next - reactor.now()))
    await reactor.settle()
  } while (reactor.now() < end)
}
