import { describe, expect, test } from 'vitest'
import { reasonPhrase } from '../../src/message/status.ts'

describe('reasonPhrase', () => {
  test('returns the phrase of a registered code, and Unknown Status for others', () => {
    expect([200, 404, 418, 431, 599].map(reasonPhrase)).toEqual([
      'OK',
      'Not Found',
      "I'm a teapot",
      'Request Header Fields Too Large',
      'Unknown Status',
    ])
  })

  test('returns only phrases that a status line may contain', () => {
    for (let code = 100; code < 1000; code++) expect(reasonPhrase(code)).toMatch(/^[A-Z][A-Za-z' -]+$/)
  })
})
