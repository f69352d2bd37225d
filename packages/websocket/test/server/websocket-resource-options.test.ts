import { describe, expect, test } from 'vitest'
import {
  DEFAULT_WEBSOCKET_RESOURCE_OPTIONS,
  webSocketResourceOptions,
} from '../../src/server/websocket-resource-options.ts'

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
})
