import { describe, expect, test } from 'vitest'
import { extensionOf, mediaTypeOf, withCharset } from '../../src/static/media-type.ts'

describe('mediaTypeOf', () => {
  test.each([
    ['index.html', 'text/html'],
    ['INDEX.HTML', 'text/html'],
    ['a.js', 'text/javascript'],
    ['a.min.mjs', 'text/javascript'],
    ['a.css', 'text/css'],
    ['a.json', 'application/json'],
    ['a.svg', 'image/svg+xml'],
    ['a.png', 'image/png'],
    ['a.webp', 'image/webp'],
    ['a.woff2', 'font/woff2'],
    ['a.wasm', 'application/wasm'],
    ['a.mp4', 'video/mp4'],
    ['a.pdf', 'application/pdf'],
    ['z.tar.gz', 'application/gzip'],
    ['z.tgz', 'application/gzip'],
    ['a.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['Makefile', undefined],
    ['html', undefined],
    ['.html', undefined],
    ['a.', undefined],
    ['a.unknown', undefined],
    ['a.constructor', undefined],
    ['a.__proto__', undefined],
  ])('finds for %s the type %s', (name, type) => {
    expect(mediaTypeOf(name, {})).toBe(type)
  })

  test('prefers the types of the caller', () => {
    expect(mediaTypeOf('a.HTML', { '.html': 'text/x-own' })).toBe('text/x-own')
  })
})

test('withCharset adds a charset to text without parameters', () => {
  expect(withCharset('text/plain', 'utf-8')).toBe('text/plain; charset=utf-8')
  expect(withCharset('text/plain; charset=x', 'utf-8')).toBe('text/plain; charset=x')
  expect(withCharset('text/plain', '')).toBe('text/plain')
  expect(withCharset('image/png', 'utf-8')).toBe('image/png')
})

test('extensionOf returns the last extension in lower case', () => {
  expect(['a.B', 'a.b.C', '.a', 'a', '.a.b'].map(extensionOf)).toEqual(['.b', '.c', '', '', '.b'])
})
