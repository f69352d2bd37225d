import { describe, expect, test } from 'vitest'
import { earlyRefusal, errorBody, escapeHTML } from '../../src/response/error-response.ts'

describe('earlyRefusal', () => {
  test('is a complete response with its length and Connection: close', () => {
    const [head, page = ''] = earlyRefusal(431, 'Date: now\r\n').map(String)
    expect(head).toBe(
      'HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/html; charset=utf-8\r\n' +
        `Date: now\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n`,
    )
    expect(page).toContain('431 Request Header Fields Too Large')
  })
})

describe('errorBody', () => {
  test('escapes its text', () => {
    expect(errorBody(404)).toContain('<h1>404 Not Found</h1>')
    expect(errorBody(400, '<script>"&\'')).toContain('<p>&#60;script&#62;&#34;&#38;&#39;</p>')
    expect(escapeHTML('a<b')).toBe('a&#60;b')
  })

  test('shows an unregistered code, without an empty paragraph', () => {
    expect(errorBody(599)).toContain('<title>599 Unknown Status</title>')
    expect(errorBody(500, '')).toBe(errorBody(500))
    expect(errorBody(500)).not.toContain('<p>')
  })
})
