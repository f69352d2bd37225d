import type { Transport } from '@ropewalk/core'
import { logConnection } from '@ropewalk/core/log'
import type { WebSocketProtocol } from './websocket-protocol.ts'

/** Logs that a callback of a protocol has failed. The caller closes the WebSocket. */
export function logFault(transport: Transport, protocol: WebSocketProtocol, error: unknown): void {
  const connection = logConnection(transport, protocol)
  const text = 'A WebSocket protocol failed; it is closed'
  transport.reactor.log({ level: 'error', namespace: 'ropewalk.websocket', text, connection, error })
}
