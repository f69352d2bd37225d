import type { ListeningPort } from '../contracts/reactor.ts'
import type { TransportHost } from '../transport/stream-transport.ts'

/** The reactor as ports and connectors see it. */
export interface NodeHost extends TransportHost {
  portOpened(port: ListeningPort): void
  portClosed(port: ListeningPort): void
}
