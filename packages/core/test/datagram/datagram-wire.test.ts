import { describe, expect, test } from 'vitest'
import { bindingSpeaks } from '../../src/reactor.ts'
import { udpAddress } from '../../src/udp.ts'

describe('bindingSpeaks', () => {
  test('is true for its own family, and on IPv6 for IPv4 too unless ipv6Only is set', () => {
    const binding = (host: string, ipv6Only: boolean): Parameters<typeof bindingSpeaks>[0] => {
      return { address: udpAddress(host, 1), ipv6Only, reuseAddress: false }
    }
    const spoken = [binding('0.0.0.0', false), binding('::', false), binding('::', true)].map((each) => [
      bindingSpeaks(each, 4),
      bindingSpeaks(each, 6),
    ])
    expect(spoken).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ])
  })
})
