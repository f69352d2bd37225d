import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'

class Silent extends WebSocketProtocol {}

describe('WebSocketProtocol', () => {
  test('throws when its transport is used before negotiationStarted', () => {
    expect(() => new Silent().transport).toThrow('before negotiationStarted')
  })
})
