import { describe, expect, test } from 'vitest'
import { tcpAddress, unixAddress } from '../../src/addresses.ts'
import { tcpEnds } from '../../src/proxy/tcp-ends.ts'
import { ipv4, ipv6, mixed, unix } from './header-cases.ts'

describe('tcpEnds', () => {
  test('has one family for both ends', () => {
    expect([ipv4, ipv6, mixed].map((addresses) => tcpEnds(addresses)?.family)).toEqual([4, 6, 6])
  })

  test('is about TCP alone', () => {
    expect(tcpEnds(unix)).toBeUndefined()
    expect(tcpEnds({ source: ipv4.source, destination: unixAddress('/run/app') })).toBeUndefined()
  })

  test('leaves a zone out', () => {
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
