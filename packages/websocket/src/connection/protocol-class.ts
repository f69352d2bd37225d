import type { OptionRule } from '@ropewalk/core/options'
import { WebSocketProtocol } from './websocket-protocol.ts'

/** A class of WebSocket protocols. */
export const PROTOCOL_CLASS: OptionRule = (value) => {
  const isOne = typeof value === 'function' && value.prototype instanceof WebSocketProtocol
  return isOne ? undefined : { kind: 'type', wanted: 'a class that extends WebSocketProtocol' }
}
