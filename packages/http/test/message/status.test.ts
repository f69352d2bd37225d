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

  test('row 146: every phrase can stand in a status line', () => {
    for (let code = 100; code < 1000; code++) expect(reasonPhrase(code)).toMatch(/^[A-Z][A-Za-z' -]+$/)
  })
})
