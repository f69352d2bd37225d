import { describe, expect, test } from 'vitest'
import { InvalidAddressError } from '../src/endpoints.ts'
import { assertHostName } from '../src/hosts.ts'
import { asciiHost } from '../src/reactor.ts'

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
