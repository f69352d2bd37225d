import { describe, expect, test } from 'vitest'
import { reasonPhrase } from '../../src/message/status.ts'

describe('reasonPhrase', () => {
  test('knows registered codes, and says so of others (case 105)', () => {
    expect([200, 404, 418, 431, 599].map(reasonPhrase)).toEqual([
      'OK',
      'Not Found',
      "I'm a teapot",
      'Request Header Fields Too Large',
      'Unknown Status',
    ])
  })
})
