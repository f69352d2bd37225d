import { describe, expect, test } from 'vitest'
import { InvalidAddressError } from '../src/endpoints.ts'
import { asIPv6, assertHostName, formatIP, parseIP, parseIPv4, parseIPv6 } from '../src/hosts.ts'
import { asciiHost } from '../src/reactor.ts'

describe('parseIP and formatIP', () => {
  test.each([
    ['0.0.0.0', '0.0.0.0'],
    ['192.0.2.255', '192.0.2.255'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:207', '192.0.2.7'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['2001:0db8::0007', '2001:db8::7'],
    ['10:0:1:0:0:2:3:4', '10:0:1::2:3:4'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['0:0:1:2:3:4:5:6', '::1:2:3:4:5:6'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['0:a0:0:0a:1:1:1:1', '0:a0:0:a:1:1:1:1'],
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
    ['::ffff:0:0', '0.0.0.0'],
  ])('parses %s, and formats it as %s', (text, written) => {
    const bytes = parseIP(text)
    expect(bytes && formatIP(bytes)).toBe(written)
  })

  test.each([
    '',
    ' ',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.4 ',
    '+1.2.3.4',
    '1..3.4',
    '0x1.2.3.4',
    ':',
    ':::',
    '1:::2',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '::1%eth0',
    '[::1]',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::01.2.3.4',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])('returns undefined for %j', (text) => {
    expect(parseIP(text)).toBeUndefined()
  })

  test('parses one family only with parseIPv4 and parseIPv6', () => {
    expect(parseIPv4('::1')).toBeUndefined()
    expect(parseIPv6('192.0.2.7')).toBeUndefined()
    expect(parseIPv6('::ffff:192.0.2.7')?.length).toBe(16)
  })

  test('converts IPv4 to IPv6', () => {
    expect(asIPv6(Buffer.of(192, 0, 2, 7)).toString('hex')).toBe('00000000000000000000ffffc0000207')
    expect(asIPv6(Buffer.alloc(16, 1)).equals(Buffer.alloc(16, 1))).toBe(true)
  })
})

describe('asciiHost', () => {
  test.each([
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
    ['straße.example', 'xn--strae-oqa.example'],
    ['example。org', 'example.org'],
  ])('encodes %s', (host, encoded) => {
    expect(asciiHost(host)).toBe(encoded)
  })

  test.each(['Example.org', 'xn--bcher-kva.example', '127.0.0.1', '::1', 'fe80::1%eth0', 'a b', ''])(
    'returns %j unchanged',
    (host) => {
      expect(asciiHost(host)).toBe(host)
    },
  )

  test.each([
    'bü cher.example',
    'ü/x',
    'ü／x',
    'ü:80',
    'ü@x',
    'ü%41',
    'ü?',
    'ü#x',
    'ü\\x',
    'ü\n',
    '\u{E0001}',
  ])('refuses %j', (host) => {
    expect(() => asciiHost(host)).toThrow(InvalidAddressError)
  })
})

describe('assertHostName', () => {
  test.each([
    'example.org',
    'example.org.',
    'localhost',
    'a',
    'x-1.example',
    '_sip._tcp.example',
    '127.0.0.1',
    '::1',
    'xn--bcher-kva.example',
    `${'a'.repeat(63)}.example`,
  ])('accepts %s', (host) => {
    expect(() => assertHostName(host)).not.toThrow()
  })

  test.each([
    '',
    '.',
    'a..b',
    '-a.example',
    'a-.example',
    'a b',
    'büch.example',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    ':::1',
    'http://a',
    'a/b',
    'a\n',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}aa`,
  ])('refuses %j', (host) => {
    expect(() => assertHostName(host)).toThrow(InvalidAddressError)
  })
})
