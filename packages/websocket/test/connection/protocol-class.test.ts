import { expect, test } from 'vitest'
import { PROTOCOL_CLASS } from '../../src/connection/protocol-class.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'

test('PROTOCOL_CLASS accepts classes that extend WebSocketProtocol only', () => {
  class Chat extends WebSocketProtocol {}
  expect(PROTOCOL_CLASS(Chat)).toBeUndefined()
  for (const value of [new Chat(), WebSocketProtocol, Map, () => undefined, 'Chat', null])
    expect(PROTOCOL_CLASS(value)).toMatchObject({ kind: 'type' })
})
