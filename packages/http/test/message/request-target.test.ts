import { describe, expect, test } from 'vitest'
import { asciiURL, parseRequestTarget } from '../../src/message/request-target.ts'

describe('parseRequestTarget', () => {
  test('parses the four forms', () => {
    const none = undefined
    expect(parseRequestTarget('GET', '/a/b?c=d?e')).toEqual({ path: '/a/b', query: 'c=d?e', authority: none })
    expect(parseRequestTarget('GET', '/?')).toEqual({ path: '/', query: '', authority: none })
    expect(parseRequestTarget('GET', '//x/..')).toEqual({ path: '//x/..', query: '', authority: none })
    expect(parseRequestTarget('GET', 'http://h:1?q')).toEqual({ path: '/', query: 'q', authority: 'h:1' })
    expect(parseRequestTarget('GET', 'HTTPS://h/p')).toEqual({ path: '/p', query: '', authority: 'h' })
    expect(parseRequestTarget('CONNECT', 'h:443')).toEqual({ path: '', query: '', authority: 'h:443' })
    expect(parseRequestTarget('CONNECT', '[::1]:443')).toMatchObject({ authority: '[::1]:443' })
    expect(parseRequestTarget('GET', 'http://[::1]:8/')).toMatchObject({ path: '/', authority: '[::1]:8' })
    expect(parseRequestTarget('OPTIONS', '*')).toEqual({ path: '*', query: '', authority: none })
    expect(parseRequestTarget('OPTIONS', 'http://h')).toEqual({ path: '*', query: '', authority: 'h' })
    expect(parseRequestTarget('OPTIONS', 'http://h/')).toEqual({ path: '/', query: '', authority: 'h' })
    expect(parseRequestTarget('OPTIONS', 'http://h?q')).toEqual({ path: '/', query: 'q', authority: 'h' })
    expect(parseRequestTarget('GET', 'http://h')).toEqual({ path: '/', query: '', authority: 'h' })
  })

  test('refuses a target without a valid form, or with the form of another method', () => {
    for (const [method, target] of [
      ['GET', '*'],
      ['GET', 'h:80'],
      ['GET', 'a'],
      ['GET', '/a#b'],
      ['GET', 'http://'],
      ['GET', 'http:///p'],
      ['GET', 'http://:80/'],
      ['GET', 'http://h/#f'],
      ['GET', 'ftp://h/'],
      ['GET', ''],
      ['GET', '?q'],
      ['OPTIONS', '*?'],
      ['OPTIONS', '**'],
      ['CONNECT', 'h'],
      ['CONNECT', 'h:'],
      ['CONNECT', ':80'],
      ['CONNECT', 'h:80/'],
      ['CONNECT', 'h:80a'],
      ['CONNECT', '*'],
      ['CONNECT', '/'],
      ['CONNECT', 'http://h/'],
    ] as const) {
      expect(() => parseRequestTarget(method, target), `${method} ${target}`).toThrow(
        'Cannot read request target',
      )
    }
  })

  test('throws a RemoteProtocolError that quotes at most 80 characters', () => {
    const error: unknown = (() => {
      try {
        return parseRequestTarget('GET', 'x'.repeat(10_000))
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({ violation: 'malformed-target', statusCode: 400 })
    expect(String(error).length).toBeLessThan(150)
  })
})

describe('asciiURL', () => {
  test('percent-encodes blanks, and characters outside ASCII as UTF-8', () => {
    expect(asciiURL('/日')).toBe('/%E6%97%A5')
    expect(asciiURL('https://h/ü?q=a b#€')).toBe('https://h/%C3%BC?q=a%20b#%E2%82%AC')
    expect(asciiURL('/\u{1f600}\x80\xa0')).toBe('/%F0%9F%98%80%C2%80%C2%A0')
  })

  test('keeps all other characters, existing percent-encodings and control characters', () => {
    const kept = '/a%20b%zz;,/?:@&=+$-_.!~*\'()#[]"<>\\^`{|}\r\n\0'
    expect(asciiURL(kept)).toBe(kept)
  })

  test('encodes half a surrogate pair as the replacement character', () => {
    expect(asciiURL('/\ud800')).toBe('/%EF%BF%BD')
  })
})
