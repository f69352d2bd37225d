import { describe, expect, test } from 'vitest'
import { errorBody, escapeHTML } from '../../src/server/error-body.ts'

describe('errorBody', () => {
  test('row 50: escapes what it shows', () => {
    expect(errorBody(404)).toContain('<h1>404 Not Found</h1>')
    expect(errorBody(400, '<script>"&\'')).toContain('<p>&#60;script&#62;&#34;&#38;&#39;</p>')
    expect(escapeHTML('a<b')).toBe('a&#60;b')
  })

  test('shows a code that nobody registered, and no empty paragraph', () => {
    expect(errorBody(599)).toContain('<title>599 Unknown Status</title>')
    expect(errorBody(500, '')).toBe(errorBody(500))
    expect(errorBody(500)).not.toContain('<p>')
  })
})
