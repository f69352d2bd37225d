import { describe, expect, test } from 'vitest'
import { isCompressible } from '../../src/response/content-coding.ts'

describe('isCompressible', () => {
  test.each([
    'text/html; charset=utf-8',
    'TEXT/CSS',
    'text/event-stream',
    'application/json',
    'application/problem+json; charset=utf-8',
    'application/javascript',
    'application/xhtml+xml',
    'application/wasm',
    'application/x-ndjson',
    'image/svg+xml',
    'font/ttf',
  ])('is true for %s', (type) => {
    expect(isCompressible(type)).toBe(true)
  })

  test.each([
    'image/png',
    'video/mp4',
    'application/zip',
    'application/octet-stream',
    'application/pdf',
    'font/woff2',
    'multipart/byteranges; boundary=text/html',
    'text/',
    '',
    'x'.repeat(100_000),
  ])('is false for %.30s', (type) => {
    expect(isCompressible(type)).toBe(false)
  })
})
