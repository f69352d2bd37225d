import { describe, expect, test } from 'vitest'
import { rfcTags } from '../../src/rules/rfc-tags.ts'
import { violationsOf } from '../violations-of.ts'

describe('rfcTags', () => {
  test('finds a file of a codec/ room that names no section', () => {
    const files = {
      'packages/http/src/codec/a.ts': '/** Obeys RFC 9112. */\nexport const a = 1',
      'packages/websocket/src/codec/deep/b.ts': "export const b = 'RFC 6455 §5.2'",
    }
    expect(violationsOf(rfcTags, files)).toEqual([
      'packages/http/src/codec/a.ts:1 names no RFC section',
      'packages/websocket/src/codec/deep/b.ts:1 names no RFC section',
    ])
  })

  test('accepts one that does, and asks nothing of other rooms', () => {
    const files = {
      'packages/http/src/codec/a.ts': '/** Decodes chunks (RFC 9112 §7.1). */\nexport const a = 1',
      'packages/http/src/server/b.ts': '',
    }
    expect(violationsOf(rfcTags, files)).toEqual([])
  })
})
