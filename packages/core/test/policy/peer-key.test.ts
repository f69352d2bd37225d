import { expect, test } from 'vitest'
import { tcpAddress, unixAddress } from '../../src/addresses.ts'
import { peerKey } from '../../src/policy/peer-key.ts'

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('peerKey of %s is %s', (host, key) => {
  expect(peerKey(tcpAddress(host, 1))).toBe(key)
})

test('peerKey takes all who come through UNIX sockets for one', () => {
  expect(peerKey(unixAddress(''))).toBe('unix')
})
