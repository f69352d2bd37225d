import { describe, expect, test } from 'vitest'
import { isWhole } from '../../src/connection/channel-watch.ts'

describe('isWhole', () => {
  test('is true once for each message, and for control frames', () => {
    const data = Buffer.of(1)
    for (const event of [
      { type: 'text', text: 'a' },
      { type: 'bytes', data },
      { type: 'raw-text', data },
      { type: 'message-end' },
      { type: 'ping', payload: data },
      { type: 'pong', payload: data },
      { type: 'close', code: 1000, reason: '' },
    ] as const)
      expect(isWhole(event), event.type).toBe(true)
    for (const event of [
      undefined,
      { type: 'message-begin', kind: 'text' },
      { type: 'message-data', data },
      { type: 'frame-end' },
    ] as const)
      expect(isWhole(event), event?.type).toBe(false)
  })
})
