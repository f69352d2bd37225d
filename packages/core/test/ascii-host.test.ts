import { describe, expect, test } from 'vitest'
import { asciiHost } from '../src/ascii-host.ts'
import { InvalidAddressError } from '../src/errors.ts'

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
    'leaves %j as it is',
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
