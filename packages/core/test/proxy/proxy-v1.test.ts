import { describe, expect, test } from 'vitest'
import { tcpAddress, unixAddress } from '../../src/index.ts'
import { ProxyProtocolError, writeProxyV1 } from '../../src/proxy.ts'
import { parseProxyV1, tcpEnds } from '../../src/proxy/proxy-v1.ts'
import { claim, ipv4, ipv6, mixed, unix, v1Cases } from './header-cases.ts'

describe('parseProxyV1', () => {
  test.each([
    'PROXY',
    'PROXY ',
    'PROXY TCP4',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4242',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4242 443 ',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4242 443 1',
    'PROXY  TCP4 192.0.2.7 198.51.100.1 4242 443',
    'PROXY TCP4  192.0.2.7 198.51.100.1 4242 443',
    'PROXY TCP4 192.0.2.7  198.51.100.1 4242 443',
    'PROXY TCP4\t192.0.2.7 198.51.100.1 4242 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4242  443',
    'PROXY TCP4 192.0.2.07 198.51.100.1 4242 443',
    'PROXY TCP4 192.0.2.256 198.51.100.1 4242 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 04242 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 65536 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4242 99999',
    'PROXY TCP4 192.0.2.7 198.51.100.1 -1 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 +1 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 0x1 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4242 443\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4242 443\r',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4242 443\0',
    'PROXY TCP4 ::1 ::1 4242 443',
    'PROXY TCP4 ::ffff:192.0.2.7 198.51.100.1 4242 443',
    'PROXY TCP6 192.0.2.7 198.51.100.1 4242 443',
    'PROXY TCP6 ::1 198.51.100.1 4242 443',
    'PROXY TCP6 ::1%lo ::1 4242 443',
    'PROXY TCP6 [::1] ::1 4242 443',
    'PROXY TCP4 localhost 198.51.100.1 4242 443',
    'PROXY tcp4 192.0.2.7 198.51.100.1 4242 443',
    'PROXY TCP5 192.0.2.7 198.51.100.1 4242 443',
    'PROXY UDP4 192.0.2.7 198.51.100.1 4242 443',
    'PROXY UNKNOWNS',
    'PROXY unknown',
  ])('refuses %j', (line) => {
    expect(() => parseProxyV1(line)).toThrow(ProxyProtocolError)
  })

  test('ignores the text after UNKNOWN', () => {
    expect(parseProxyV1('PROXY UNKNOWN ffff::1 whatever 4242').addresses).toBeUndefined()
  })

  test('quotes at most 70 characters of the line', () => {
    expect(() => parseProxyV1(`PROXY ${'x'.repeat(90)}`)).toThrow(/^Cannot read addresses from ".{70}"$/)
  })
})

describe('writeProxyV1', () => {
  test.each(v1Cases)('writes $name', ({ header, bytes }) => {
    expect(writeProxyV1(header).toString()).toBe(bytes.toString())
  })

  test('writes UNKNOWN for a claim that version 1 cannot express', () => {
    for (const given of [claim(unix), { ...claim(ipv4), command: 'LOCAL' } as const]) {
      expect(writeProxyV1(given).toString()).toBe('PROXY UNKNOWN\r\n')
    }
  })
})

describe('tcpEnds', () => {
  test('uses one family for both ends', () => {
    expect([ipv4, ipv6, mixed].map((addresses) => tcpEnds(addresses)?.family)).toEqual([4, 6, 6])
  })

  test('returns undefined unless both ends are TCP', () => {
    expect(tcpEnds(unix)).toBeUndefined()
    expect(tcpEnds({ source: ipv4.source, destination: unixAddress('/run/app') })).toBeUndefined()
  })

  test('leaves out a zone', () => {
    const zoned = tcpEnds({ source: tcpAddress('fe80::1%eth0', 1), destination: ipv6.destination })
    expect(zoned?.source.host.toString('hex')).toBe('fe800000000000000000000000000001')
  })

  test.each([
    ['a name', tcpAddress('localhost', 1)],
    ['a port beyond', tcpAddress('192.0.2.1', 65_536)],
    ['a port below', tcpAddress('192.0.2.1', -1)],
    ['half a port', tcpAddress('192.0.2.1', 1.5)],
  ])('refuses %s', (_name, source) => {
    expect(() => tcpEnds({ source, destination: ipv4.destination })).toThrow(TypeError)
  })
})
