import { describe, expect, test } from 'vitest'
import { WebSocketProtocol, WebSocketResource } from '../../src/index.ts'
import {
  checkForProtocolOptions,
  DEFAULT_WEBSOCKET_RESOURCE_OPTIONS,
  webSocketResourceOptions,
} from '../../src/server/websocket-resource-options.ts'

class Chat extends WebSocketProtocol {}

describe('webSocketResourceOptions', () => {
  test('fills in the defaults of the resource and of its WebSockets', () => {
    expect(webSocketResourceOptions('Owner', { closeTimeoutMs: 1, origins: undefined })).toEqual({
      ...DEFAULT_WEBSOCKET_RESOURCE_OPTIONS,
      closeTimeoutMs: 1,
    })
  })

  test('refuses an unknown name, and suggests the nearest one', () => {
    const options: object = { origin: 'any' }
    expect(() => webSocketResourceOptions('Owner', options)).toThrow('did you mean origins?')
  })

  test.each([
    ['maxPayload', 'maxMessageBytes', 'maxMessageBytes'],
    ['perMessageDeflate', 'deflate', 'deflate'],
    ['verifyClient', 'authenticate', 'authenticate'],
    ['clientTracking', 'resource.connections', 'resource.connections'],
    ['handleProtocols', 'selectSubprotocol of the factory', 'subprotocols'],
  ])('names the option or method that does what %s does in ws', (name, ofResource, ofForProtocol) => {
    const options: object = { [name]: undefined }
    expect(() => webSocketResourceOptions('Owner', options)).toThrow(`did you mean ${ofResource}?`)
    expect(() => checkForProtocolOptions('Owner', options)).toThrow(`did you mean ${ofForProtocol}?`)
  })

  test('has subprotocols for a class, but not for a factory', () => {
    const options: object = { subprotocols: ['chat'] }
    expect(() => webSocketResourceOptions('Owner', options)).toThrow('selectSubprotocol of the factory')
    expect(() => checkForProtocolOptions('Owner', options)).not.toThrow()
    expect(() => WebSocketResource.forProtocol(Chat, { nothing: 1 } as object)).toThrow(
      /^Cannot take the unknown option "nothing" for WebSocketResource.forProtocol: .* pongTimeoutMs, subprotocols/,
    )
  })
})
