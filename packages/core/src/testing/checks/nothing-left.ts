import type { Reactor } from '../../interfaces/reactor.ts'

/** Whether a reactor has no connection up and nothing to call later: no deadline of a connection that is gone. */
export function nothingLeft(reactor: Pick<Reactor, 'connections' | 'getDelayedCalls'>): boolean {
  return Array.from(reactor.connections).length === 0 && reactor.getDelayedCalls().length === 0
}
