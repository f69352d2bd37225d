import type { ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ReactorLog } from '../interfaces/reactor.ts'
import { settleSafely } from '../safely.ts'

/**
 * Tells a factory that somebody begins to use it.
 *
 * Nobody waits for an asynchronous `startFactory`: what it rejects with is logged.
 *
 * @throws {unknown} what a synchronous one throws.
 */
export function startFactory(factory: ProtocolFactory, reactor: ReactorLog): void {
  void settleSafely(factory.doStart(), (error) =>
    reactor.log({ level: 'error', text: 'A factory failed to start', error }),
  )
}
