import { describe, expect, test } from 'vitest'
import { type CookieOptions, parseCookies, setCookieValue } from '../../src/codec/cookie.ts'

describe('parseCookies', () => {
  test('returns the pairs of all lines, the first value of each name', () => {
    expect([...parseCookies(['a=1; b=2;c=3', ' a=4 ;\td=x=y; e="q"; f='])]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['d', 'x=y'],
      ['e', '"q"'],
      ['f', ''],
    ])
  })

  test('ignores what is not a pair with a name, and never throws', () => {
    for (const value of ['', ';', 'a', '=1', ' = ', 'a b=1', 'a"=1', 'é=1', 'a,b=1', ';;;=;=;', '"a=1"']) {
      expect([...parseCookies([value])], value).toEqual([])
    }
    expect(parseCookies(['__proto__=1; constructor=2']).get('__proto__')).toBe('1')
    // Only blanks are removed: a name that begins with another white space is not the name without it.
    expect([...parseCookies(['\u00a0__Host-a=evil; __Host-a=good'])]).toEqual([['__Host-a', 'good']])
  })

  test('takes linear time', () => {
    const start = process.cpuUsage().user
    expect(parseCookies([';='.repeat(8_000), ' '.repeat(16_000), 'a=b;'.repeat(4_000)]).size).toBe(1)
    expect(process.cpuUsage().user - start).toBeLessThan(500_000)
  })
})

describe('setCookieValue', () => {
  const set = (name: string, value: string, options: CookieOptions = {}): string =>
    setCookieValue(name, value, options)

  test('has every attribute', () => {
    expect(set('a', '')).toBe('a=')
    expect(
      set('__Secure-a', 'b', {
        path: '/p q',
        domain: 'example.org',
        expires: new Date(784_111_777_999),
        maxAgeSeconds: 0,
        secure: true,
        httpOnly: true,
        sameSite: 'none',
        partitioned: true,
      }),
    ).toBe(
      '__Secure-a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Domain=example.org; Path=/p q; Max-Age=0; Secure; HttpOnly; SameSite=None; Partitioned',
    )
    expect(set('a', '"b"', { sameSite: 'lax', secure: false })).toBe('a="b"; SameSite=Lax')
    expect(set('__Host-a', 'b', { secure: true, path: '/' })).toBe('__Host-a=b; Path=/; Secure')
  })

  test.each<[string, string, CookieOptions, string]>([
    ['', 'b', {}, 'a name is a token'],
    ['a b', 'b', {}, 'a name is a token'],
    ['a=', 'b', {}, 'a name is a token'],
    ['a\r\nX: y', 'b', {}, 'a name is a token'],
    ['a', 'b\r\nX: y', {}, 'encodeURIComponent'],
    ['a', 'b; Secure', {}, 'encodeURIComponent'],
    ['a', 'b c', {}, 'encodeURIComponent'],
    ['a', 'b,c', {}, 'encodeURIComponent'],
    ['a', 'b"c', {}, 'encodeURIComponent'],
    ['a', '"b', {}, 'encodeURIComponent'],
    ['a', 'b\\c', {}, 'encodeURIComponent'],
    ['a', 'é', {}, 'encodeURIComponent'],
    ['a', 'b'.repeat(4096), {}, 'more than 4096 bytes'],
    ['a', 'b', { path: 'x' }, 'must begin with a slash'],
    ['a', 'b', { path: '/;Secure' }, 'a semicolon'],
    ['a', 'b', { path: '/\r\nX: y' }, 'path'],
    ['a', 'b', { path: `/${'p'.repeat(1024)}` }, 'more than 1024 bytes'],
    ['a', 'b', { domain: '.example.org' }, 'not a host name'],
    ['a', 'b', { domain: 'a;b' }, 'not a host name'],
    ['a', 'b', { domain: 'a..b' }, 'not a host name'],
    ['a', 'b', { domain: '-a' }, 'not a host name'],
    ['a', 'b', { expires: new Date(Number.NaN) }, 'valid date'],
    ['a', 'b', { expires: new Date(8.64e15) }, 'valid date'],
    ['a', 'b', { expires: new Date(-12e12) }, 'valid date'],
    ['a', 'b', { sameSite: 'none' }, "sameSite 'none' needs secure"],
    ['a', 'b', { partitioned: true }, 'partitioned needs secure'],
    ['__Secure-a', 'b', {}, '__Secure- needs secure'],
    ['__Host-a', 'b', { secure: true }, "__Host- needs path: '/'"],
    ['__Host-a', 'b', { secure: true, path: '/p' }, "__Host- needs path: '/'"],
    ['__host-a', 'b', { secure: true, path: '/', domain: 'a.org' }, 'and no domain'],
    ['__HOST-a', 'b', { path: '/' }, '__HOST- needs secure'],
  ])('refuses %j=%j with %o', (name, value, options, message) => {
    expect(() => set(name, value, options)).toThrow(TypeError)
    expect(() => set(name, value, options)).toThrow(message)
  })

  test('accepts a name and value of 4096 bytes', () => {
    expect(set('a', 'b'.repeat(4095)).length).toBe(4097)
    expect(set('a', 'b', { path: `/${'p'.repeat(1023)}` })).toContain('Path=/p')
  })
})
