import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketClassFactory } from '../../src/server/websocket-server-factory.ts'

class Named extends WebSocketProtocol {
  readonly name: string
  constructor(name: string) {
    super()
    this.name = name
  }
}

describe('WebSocketClassFactory', () => {
  test('builds a new protocol for each WebSocket, with its arguments', () => {
    const factory = new WebSocketClassFactory(Named, ['a'])
    expect(factory.buildProtocol().name).toBe('a')
    expect(factory.buildProtocol()).not.toBe(factory.buildProtocol())
  })
})
