import { describe, expect, test } from 'vitest'
import { ConnectionDone, tcpAddress, unixAddress } from '../../src/index.ts'
import { LimitAcceptRate, LimitConnectionsByPeer, LimitTotalConnections } from '../../src/policies.ts'
import { peerKey } from '../../src/policy/connection-limits.ts'
import { StringTransport } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { PolicedServer } from './policies.ts'

describe('LimitTotalConnections', () => {
  test('admits two connections, queues the third, and admits it when one ends', async () => {
    const policy = new LimitTotalConnections(2)
    const server = await PolicedServer.listen({ policies: [policy] })
    const [first, , third] = [server.connect(), server.connect(), server.connect()]
    third.transport.write('early')
    server.reactor.pump()
    expect([server.served.length, policy.count, third.connected]).toEqual([2, 2, true])
    first.transport.loseConnection()
    server.reactor.pump()
    expect([server.served.length, third.text]).toEqual([3, 'early'])
  })

  test('counts the connections of every port that uses it', async () => {
    const policy = new LimitTotalConnections(1)
    const server = await PolicedServer.listen({ policies: [policy], maxWaitMs: 100 })
    server.connect()
    const other = server.connect()
    server.reactor.advance(100)
    server.reactor.pump()
    expect([policy.count, other.lost]).toEqual([1, true])
  })

  test('refuses a limit below 1', () => {
    expect(() => new LimitTotalConnections(0)).toThrow(RangeError)
  })
})

describe('LimitConnectionsByPeer', () => {
  const from = (host: string): StringTransport =>
    StringTransport.connect(new Recorder(), { peerAddress: tcpAddress(host, 5000) })

  test('counts each address separately, and a whole IPv6 /64 as one', () => {
    const policy = new LimitConnectionsByPeer(1)
    policy.accepted(from('192.0.2.1'))
    policy.accepted(from('2001:db8::1'))
    expect(policy.admits(tcpAddress('192.0.2.1', 1))).toBe('later')
    expect(policy.admits(tcpAddress('192.0.2.2', 1))).toBe('now')
    expect(policy.admits(tcpAddress('2001:db8::ffff', 1))).toBe('later')
    expect(policy.admits(tcpAddress('2001:db8:0:1::1', 1))).toBe('now')
  })

  test('forgets an address when its last connection has ended', () => {
    const policy = new LimitConnectionsByPeer(2)
    const watches = [policy.accepted(from('192.0.2.1')), policy.accepted(from('192.0.2.1'))]
    expect(policy.admits(tcpAddress('192.0.2.1', 1))).toBe('later')
    for (const watch of watches) watch.closed?.(new ConnectionDone())
    expect([policy.peers, policy.admits(tcpAddress('192.0.2.1', 1))]).toEqual([0, 'now'])
  })

  test('refuses a limit below 1', () => {
    expect(() => new LimitConnectionsByPeer(0)).toThrow(RangeError)
  })
})

describe('LimitAcceptRate', () => {
  test('admits a burst at once and the others at the rate, in order', async () => {
    const server = await PolicedServer.listen((reactor) => ({
      policies: [new LimitAcceptRate(reactor, { perSecond: 2, burst: 3 })],
    }))
    for (let count = 0; count < 5; count++) server.connect()
    expect(server.served.length).toBe(3)
    server.reactor.advance(499)
    expect(server.served.length).toBe(3)
    server.reactor.advance(1)
    expect(server.served.length).toBe(4)
    server.reactor.advance(500)
    expect(server.served.length).toBe(5)
    expect(server.reactor.getDelayedCalls()).toEqual([])
  })
})

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

test('peerKey is the same for all UNIX sockets', () => {
  expect(peerKey(unixAddress(''))).toBe('unix')
})
