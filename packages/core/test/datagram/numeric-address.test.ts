import { describe, expect, test } from 'vitest'
import { assertNumeric, assertWithin, numericAddress } from '../../src/datagram/numeric-address.ts'
import { InvalidAddressError } from '../../src/errors.ts'

describe('numericAddress', () => {
  test('takes IPv4 and IPv6, and knows an IPv4 address that is mapped', () => {
    const hosts = [
      '192.0.2.1',
      '2001:db8::1',
      '::ffff:192.0.2.1',
      'fe80::1%eth0',
      '::FFFF:c000:201',
      '2001:DB8:0:0:0:0:0:1',
    ]
    expect(hosts.map((host) => numericAddress(host, 53, 1))).toEqual([
      { type: 'UDP', family: 4, host: '192.0.2.1', port: 53 },
      { type: 'UDP', family: 6, host: '2001:db8::1', port: 53 },
      { type: 'UDP', family: 4, host: '192.0.2.1', port: 53 },
      { type: 'UDP', family: 6, host: 'fe80::1%eth0', port: 53 },
      { type: 'UDP', family: 4, host: '192.0.2.1', port: 53 },
      { type: 'UDP', family: 6, host: '2001:db8::1', port: 53 },
    ])
  })

  test('takes port 0 only where that means any', () => {
    expect(numericAddress('::', 0, 0).port).toBe(0)
    expect(() => numericAddress('::', 0, 1)).toThrow(
      new RangeError('Cannot use 0 as a UDP port: give a whole number from 1 to 65535'),
    )
  })
})

describe('mustBeNumeric', () => {
  test.each(['', 'localhost', '127.1', '0x7f.0.0.1', '1.2.3.4%eth0', 'fe80::1%', ':::', '[::1]', ' ::1'])(
    'refuses %j, and says what to do',
    (host) => {
      expect(() => assertNumeric(host)).toThrow(InvalidAddressError)
      expect(() => assertNumeric(host)).toThrow('reactor.lookup')
    },
  )
})

describe('mustBeWithin', () => {
  test('takes both ends, and nothing beyond or between', () => {
    expect(() => [1, 3].forEach((value) => assertWithin(value, 1, 3, 'a TTL'))).not.toThrow()
    for (const value of [0, 4, 1.5, Number.NaN, Infinity])
      expect(() => assertWithin(value, 1, 3, 'a TTL')).toThrow(RangeError)
  })
})
