import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { ConnectionDone } from '../../src/errors.ts'
import { LimitConnectionsByPeer } from '../../src/policy/limit-connections-by-peer.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

describe('LimitConnectionsByPeer', () => {
  const from = (host: string): StringTransport =>
    StringTransport.connect(new Recorder(), { peerAddress: tcpAddress(host, 5000) })

  test('counts each address for itself, and a whole IPv6 /64 as one', () => {
    const policy = new LimitConnectionsByPeer(1)
    policy.accepted(from('192.0.2.1'))
    policy.accepted(from('2001:db8::1'))
    expect(policy.admits(tcpAddress('192.0.2.1', 1))).toBe('later')
    expect(policy.admits(tcpAddress('192.0.2.2', 1))).toBe('now')
    expect(policy.admits(tcpAddress('2001:db8::ffff', 1))).toBe('later')
    expect(policy.admits(tcpAddress('2001:db8:0:1::1', 1))).toBe('now')
  })

  test('forgets an address whose last connection is gone', () => {
    const policy = new LimitConnectionsByPeer(2)
    const watches = [policy.accepted(from('192.0.2.1')), policy.accepted(from('192.0.2.1'))]
    expect(policy.admits(tcpAddress('192.0.2.1', 1))).toBe('later')
    for (const watch of watches) watch.closed?.(new ConnectionDone())
    expect([policy.peers, policy.admits(tcpAddress('192.0.2.1', 1))]).toEqual([0, 'now'])
  })

  test('needs room for one', () => {
    expect(() => new LimitConnectionsByPeer(0)).toThrow(RangeError)
  })
})
