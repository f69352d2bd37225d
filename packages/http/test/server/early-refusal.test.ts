import { describe, expect, test } from 'vitest'
import { earlyRefusal } from '../../src/server/early-refusal.ts'

describe('earlyRefusal', () => {
  test('is a whole response with its length, after which the connection ends', () => {
    const [head, page = ''] = earlyRefusal(431, 'Date: now\r\n').map(String)
    expect(head).toBe(
      'HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/html; charset=utf-8\r\n' +
        `Date: now\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n`,
    )
    expect(page).toContain('431 Request Header Fields Too Large')
  })
})
