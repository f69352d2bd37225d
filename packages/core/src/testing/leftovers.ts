import type { WireReactor } from '../reactor/wire-reactor.ts'
import { DeadlineWheel } from '../transport/deadline-wheel.ts'

/**
 * What a reactor still keeps: connections, calls to come, deadlines, counts of what waits. After the connections of
 * a test have ended there must be none: a slot, a timer or an object would be lost with each of them.
 *
 *     transport.abortConnection()
 *     await reactor.settle()
 *     expect(leftovers(reactor)).toEqual([])
 *
 * @returns a line for each; none when nothing is left.
 */
export function leftovers(reactor: WireReactor): string[] {
  const { deadlines } = reactor
  const kept = deadlines instanceof DeadlineWheel ? deadlines.size : 0
  return [
    ...Array.from(reactor.connections, (transport) => `the connection ${transport.label}`),
    ...reactor.getDelayedCalls().map((call) => `a call in ${Math.round(call.getTime() - reactor.now())} ms`),
    ...(kept === 0 ? [] : [`${kept} deadlines of connections`]),
    ...reactor.registry.leftovers,
  ]
}
