import { describe, expect, test } from 'vitest'
import { parseForwarded, parseForwardedFor } from '../../src/codec/forwarded.ts'

const node = (name: string, port?: number) => ({ name, port })

describe('parseForwarded', () => {
  test('reads the elements of RFC 7239', () => {
    for (const [value, elements] of [
      ['for="_gazonk"', [{ for: node('_gazonk') }]],
      ['For="[2001:DB8:cafe::17]:4711"', [{ for: node('2001:db8:cafe::17', 4711) }]],
      ['for=192.0.2.60;proto=http;by=203.0.113.43', [{ for: node('192.0.2.60'), proto: 'http' }]],
      ['for=192.0.2.43, for=198.51.100.17', [{ for: node('192.0.2.43') }, { for: node('198.51.100.17') }]],
      ['for=192.0.2.43:47011', undefined],
      ['for="192.0.2.43:47011"', [{ for: node('192.0.2.43', 47_011) }]],
      ['for="192.0.2.43:_port"', [{ for: node('192.0.2.43') }]],
      ['for=unknown, for=UNKNOWN', [{ for: node('unknown') }, { for: node('unknown') }]],
      ['host="ex.org:8080";PROTO=HTTPS', [{ host: 'ex.org:8080', proto: 'https' }]],
      [String.raw`host="a\"b\\c"`, [{ host: String.raw`a"b\c` }]],
      ['for=a;for=b', undefined],
      [' ;for=1.2.3.4; ;proto=http ,, \t', [{ for: node('1.2.3.4'), proto: 'http' }]],
      ['ext="x,y;z=1", for=1.2.3.4', [{}, { for: node('1.2.3.4') }]],
    ] as const) {
      const read = parseForwarded(value)
      expect(read === undefined ? undefined : JSON.parse(JSON.stringify(read)), value).toEqual(
        elements === undefined ? undefined : JSON.parse(JSON.stringify(elements)),
      )
    }
  })

  test('refuses what does not follow the grammar', () => {
    for (const value of [
      '',
      ',',
      'for',
      'for=',
      '=1.2.3.4',
      'for =1.2.3.4',
      'for= 1.2.3.4',
      'for=[2001:db8::1]',
      'for="[2001:db8::1"',
      'for="2001:db8::1"',
      'for="1.2.3.4',
      'for="1.2.3.4"x',
      'for="1.2.3.4" x',
      'for=1.2.3.4 for=5.6.7.8',
      'for=ex.org',
      'for=_',
      'for="1.2.3.4:65536"',
      'for="1.2.3.4:"',
      'for="1.2.3.4:123456"',
      'for=1.2.3.4;FOR=5.6.7.8',
      'f\xfcr=1.2.3.4',
      // A client opens a quotation before the part that its proxy adds.
      'for="x, for=1.2.3.4',
      'for="x, for="[2001:db8::1]"',
      'for="x, proto=https;for="[2001:db8::1]";by=_me',
    ])
      expect(parseForwarded(value), value).toBeUndefined()
  })

  test('takes a time in proportion to the length of a value', () => {
    for (const value of [
      'for=1.2.3.4,'.repeat(1300),
      '"'.repeat(16_000),
      ';'.repeat(16_000),
      'a'.repeat(16_000),
    ])
      parseForwarded(value)
    expect(parseForwarded('for=1.2.3.4,'.repeat(1300))?.length).toBe(1300)
  })
})

describe('parseForwardedFor', () => {
  test('reads addresses in the forms that proxies send', () => {
    for (const [text, read] of [
      ['192.0.2.1', node('192.0.2.1')],
      [' 192.0.2.1\t', node('192.0.2.1')],
      ['192.0.2.1:80', node('192.0.2.1', 80)],
      ['2001:db8::1', node('2001:db8::1')],
      ['::ffff:192.0.2.1', node('::ffff:192.0.2.1')],
      ['[2001:DB8::1]', node('2001:db8::1')],
      ['[2001:db8::1]:80', node('2001:db8::1', 80)],
      ['unknown', node('unknown')],
    ] as const)
      expect(parseForwardedFor(text), text).toEqual(read)
    for (const text of [
      '',
      'ex.org',
      '_hidden',
      '"192.0.2.1"',
      '192.0.2.1:99999',
      '1.2.3.4 5.6.7.8',
      'a\u00a0',
    ])
      expect(parseForwardedFor(text), text).toBeUndefined()
  })
})
