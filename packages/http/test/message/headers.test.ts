import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'

describe('Headers', () => {
  test('shows its fields to util.inspect', () => {
    const headers = Headers.fromFields(['Set-Cookie', 'a=1', 'X', 'y', 'set-cookie', 'b=2'])
    expect(inspect(headers)).toBe("{ 'Set-Cookie': [ 'a=1', 'b=2' ], X: 'y' }")
    expect(inspect(new Headers())).toBe('{}')
  })

  test('keeps several values of a name in order, regardless of its case', () => {
    const headers = new Headers()
    headers.addRawHeader('Set-Cookie', 'a=1')
    headers.addRawHeader('X', 'y')
    headers.addRawHeader('set-COOKIE', 'b=2')
    expect(headers.getRawHeaders('SET-cookie')).toEqual(['a=1', 'b=2'])
    expect(headers.get('set-cookie')).toBe('b=2')
    expect(headers.hasHeader('x')).toBe(true)
    expect([...headers]).toEqual([
      ['Set-Cookie', 'a=1'],
      ['X', 'y'],
      ['set-COOKIE', 'b=2'],
    ])
    expect(headers.getAllRawHeaders()).toEqual([
      ['Set-Cookie', ['a=1', 'b=2']],
      ['X', ['y']],
    ])
    expect(headers.toWire()).toBe('Set-Cookie: a=1\r\nX: y\r\nset-COOKIE: b=2\r\n')
    headers.setRawHeaders('set-cookie', ['c=3'])
    expect(headers.getRawHeaders('Set-Cookie')).toEqual(['c=3'])
    headers.removeHeader('x')
    expect(headers.get('X')).toBeUndefined()
    headers.clear()
    expect([...headers]).toEqual([])
  })

  test('treats names of Object.prototype as ordinary names (CVE-2026-21710)', () => {
    const headers = Headers.fromFields(['__proto__', 'a', 'constructor', 'b'])
    expect(headers.get('__proto__')).toBe('a')
    expect(headers.getAllRawHeaders()).toEqual([
      ['__proto__', ['a']],
      ['constructor', ['b']],
    ])
    expect(headers.get('toString')).toBeUndefined()
  })

  test('refuses at the call a value that could inject other headers (CVE-2016-2216)', () => {
    const headers = new Headers()
    for (const value of ['a\r\nB: c', 'a\nb', 'a\rb', 'a\0b', '\u010a', '\u{1f600}', '\x7f', '\x0b']) {
      expect(() => headers.setRawHeaders('X', [value]), JSON.stringify(value)).toThrow(TypeError)
      expect(() => headers.addRawHeader('X', value)).toThrow(TypeError)
    }
    for (const name of ['', 'a b', 'a:', 'a\r\nb', 'é', 'a('])
      expect(() => headers.addRawHeader(name, 'x'), name).toThrow(TypeError)
    expect(() => headers.addRawHeader('X', 5 as unknown as string)).toThrow(TypeError)
    expect([...headers]).toEqual([])
  })

  test('indicates whether all values are ASCII', () => {
    const headers = new Headers()
    headers.addRawHeader('X', 'a\tb')
    expect(headers.ascii).toBe(true)
    headers.addRawHeader('Y', '\xe9')
    expect(headers.ascii).toBe(false)
    headers.clear()
    expect(headers.ascii).toBe(true)
    expect(Headers.fromFields(['X', '\xe9']).ascii).toBe(false)
  })

  test('sets names of Object.prototype too', () => {
    const headers = new Headers()
    headers.setRawHeaders('__proto__', ['a'])
    headers.addRawHeader('constructor', 'b')
    expect(headers.toWire()).toBe('__proto__: a\r\nconstructor: b\r\n')
    headers.removeHeader('__PROTO__')
    expect([...headers]).toEqual([['constructor', 'b']])
    expect(headers.hasHeader('hasOwnProperty')).toBe(false)
  })

  test('sends a name in the case in which it was last set, after the others', () => {
    const headers = Headers.fromFields(['etag', 'a', 'X', 'y'])
    headers.setRawHeaders('ETag', ['b', 'c'])
    expect(headers.toWire()).toBe('X: y\r\nETag: b\r\nETag: c\r\n')
    headers.setRawHeaders('etag', [])
    expect(headers.getRawHeaders('ETag')).toBeUndefined()
  })

  test('keeps its values when one of several new values is refused', () => {
    const headers = Headers.fromFields(['X', 'old'])
    expect(() => headers.setRawHeaders('X', ['good', 'b\nad'])).toThrow(TypeError)
    expect(headers.getRawHeaders('X')).toEqual(['old'])
  })

  test('names what is wrong with a value, and how to correct it', () => {
    const headers = new Headers()
    for (const [value, words] of [
      [5, 'Cannot send header X with a value of type number: give a string'],
      [null, 'with a value of type null: give a string'],
      [['a'], 'with a value of type object: give a string'],
      ['→', 'with value "→": a value cannot have characters above U+00FF, encode it'],
      ['a\r\nb', 'with value "a\\r\\nb": a value cannot have control characters'],
      ['→\n', 'a value cannot have control characters'],
    ] as const)
      expect(() => headers.setRawHeaders('X', [value as string]), words).toThrow(words)
    expect(() => headers.addRawHeader(undefined as unknown as string, 'x')).toThrow('a header named')
  })

  test('keeps its values once sealed, and reports each attempt to change them', () => {
    const headers = Headers.fromFields(['X', 'y'])
    const late: (string | undefined)[] = []
    headers.seal({ changedTooLate: (name) => late.push(name) })
    headers.setRawHeaders('A', ['b'])
    headers.addRawHeader('B', 'not\nchecked')
    headers.removeHeader('absent')
    headers.removeHeader('x')
    headers.clear()
    expect(late).toEqual(['A', 'B', 'x', undefined])
    expect([...headers]).toEqual([['X', 'y']])
  })

  test('sets one value in place of all values, and refuses what setRawHeaders refuses', () => {
    const headers = new Headers()
    headers.addRawHeader('X', 'a')
    headers.addRawHeader('x', 'b')
    headers.set('X', 'c')
    expect(headers.getRawHeaders('x')).toEqual(['c'])
    for (const value of ['\r', '\n', '\0', '\x7f', '\u0100', 1 as unknown as string])
      expect(() => headers.set('X', value)).toThrow(TypeError)
    for (const name of ['', 'a b', 'a:', '\xe4', '\u0161', '\u0141'])
      expect(() => headers.set(name, 'v')).toThrow(TypeError)
    expect(headers.ascii).toBe(true)
    headers.set('Y', '\t\xe9')
    expect(headers.ascii).toBe(false)
  })
})
