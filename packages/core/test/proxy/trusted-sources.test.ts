import { describe, expect, test } from 'vitest'
import { tcpAddress, unixAddress } from '../../src/index.ts'
import { AddressBlock, TrustedSources } from '../../src/proxy/trusted-sources.ts'

describe('TrustedSources', () => {
  const [inside, outside, socket] = [tcpAddress('10.1.2.3', 1), tcpAddress('192.0.2.1', 1), unixAddress('')]
  const included = (sources: 'any' | readonly string[]): boolean[] =>
    [inside, outside, socket].map((address) => new TrustedSources(sources).include(address))

  test('include the given addresses, blocks and UNIX sockets, and no others', () => {
    expect(included(['10.0.0.0/8', '::1'])).toEqual([true, false, false])
    expect(included(['unix'])).toEqual([false, false, true])
    expect(included(['192.0.2.1', 'unix'])).toEqual([false, true, true])
  })

  test('include every source with "any"', () => {
    expect(included('any')).toEqual([true, true, true])
  })

  test('have no default, and throw an error that states what to give', () => {
    expect(() => new TrustedSources(undefined)).toThrow(/without trustedSources.*name your proxies/)
    expect(() => new TrustedSources([])).toThrow(/without trustedSources/)
  })

  test('refuse a value that is not a list, and an empty list', () => {
    expect(() => new TrustedSources('10.0.0.0/8' as never)).toThrow(
      "give a list of addresses and blocks, or 'any'",
    )
    expect(() => new TrustedSources(['proxy'])).toThrow(
      'Cannot read "proxy" as an address or a block of addresses',
    )
    expect(() => new TrustedSources(['any'])).toThrow(
      'Cannot read "any" as an address or a block of addresses',
    )
  })
})

describe('AddressBlock', () => {
  test.each<[string, string[], string[]]>([
    ['192.0.2.1', ['192.0.2.1', '::ffff:192.0.2.1'], ['192.0.2.2', '::1', 'localhost', '']],
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0', '::a00:1']],
    ['192.168.8.0/21', ['192.168.8.0', '192.168.15.255'], ['192.168.7.255', '192.168.16.0']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::', '::1']],
    ['192.0.2.1/32', ['192.0.2.1'], ['192.0.2.0']],
    ['::ffff:10.0.0.0/104', ['10.1.2.3'], ['11.0.0.0', '::']],
    ['::ffff:192.0.2.1', ['192.0.2.1'], ['192.0.2.2']],
    ['2001:db8::/32', ['2001:db8::1', '2001:db8:ffff::'], ['2001:db9::', '192.0.2.1']],
    ['2001:db8:8000::/33', ['2001:db8:ffff::'], ['2001:db8:7fff::']],
    ['fe80::/10', ['fe80::1%eth0', 'febf::1'], ['fec0::1']],
    ['::/0', ['::1', '2001:db8::'], ['192.0.2.1', '::ffff:192.0.2.1']],
    ['::1/128', ['::1'], ['::2']],
  ])('%s contains the addresses with its prefix', (text, inside, outside) => {
    const block = new AddressBlock(text)
    expect(inside.filter((host) => !block.contains(host))).toEqual([])
    expect(outside.filter((host) => block.contains(host))).toEqual([])
  })

  test.each([
    '',
    'proxy.example.org',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0.0/8 ',
    '10/8',
    '::1/129',
    '::ffff:10.0.0.0/8',
    'fe80::1%eth0',
    '/8',
  ])('refuses %j', (text) => {
    expect(() => new AddressBlock(text)).toThrow(
      /^Cannot read ".*" as an address or a block of addresses: it/,
    )
  })

  test('suggests the block that was probably meant when bits are set after the prefix', () => {
    expect(() => new AddressBlock('10.1.2.3/8')).toThrow('write 10.0.0.0/8')
    expect(() => new AddressBlock('2001:db8::1/32')).toThrow('write 2001:db8::/32')
    expect(() => new AddressBlock('::ffff:10.1.2.3/104')).toThrow('write 10.0.0.0/8')
  })
})
