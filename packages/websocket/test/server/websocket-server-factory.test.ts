import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketClassFactory } from '../../src/server/websocket-server-factory.ts'

class Chat extends WebSocketProtocol {}
class ChatV2 extends Chat {}

describe('WebSocketClassFactory', () => {
  test('builds a new protocol for each WebSocket', () => {
    const factory = new WebSocketClassFactory(Chat)
    expect(factory.buildProtocol()).toBeInstanceOf(Chat)
    expect(factory.buildProtocol()).not.toBe(factory.buildProtocol())
  })

  test('builds the class for the subprotocol, and chooses the first that has one', () => {
    const factory = new WebSocketClassFactory(Chat, new Map([['chat.v2', ChatV2]]))
    const build = (subprotocol: string | undefined): Chat =>
      factory.buildProtocol(undefined, { subprotocol, user: undefined })
    expect(build('chat.v2')).toBeInstanceOf(ChatV2)
    expect(build(undefined)).not.toBeInstanceOf(ChatV2)
    expect(factory.selectSubprotocol(['other', 'chat.v2'])).toBe('chat.v2')
    expect(factory.selectSubprotocol(['other'])).toBeUndefined()
  })
})
