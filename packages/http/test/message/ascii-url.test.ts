import { describe, expect, test } from 'vitest'
import { asciiURL } from '../../src/message/ascii-url.ts'

describe('asciiURL', () => {
  test('percent-encodes what is not ASCII, and blanks, as UTF-8', () => {
    expect(asciiURL('/日')).toBe('/%E6%97%A5')
    expect(asciiURL('https://h/ü?q=a b#€')).toBe('https://h/%C3%BC?q=a%20b#%E2%82%AC')
    expect(asciiURL('/\u{1f600}\x80\xa0')).toBe('/%F0%9F%98%80%C2%80%C2%A0')
  })

  test('keeps the rest: what is encoded already, and what only a header refuses', () => {
    const kept = '/a%20b%zz;,/?:@&=+$-_.!~*\'()#[]"<>\\^`{|}\r\n\0'
    expect(asciiURL(kept)).toBe(kept)
  })

  test('takes half a surrogate pair for the replacement character', () => {
    expect(asciiURL('/\ud800')).toBe('/%EF%BF%BD')
  })
})
