import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { tcpAddress, unixAddress } from '../../src/addresses.ts'
import { localAddressOf, peerAddressOf } from '../../src/node/socket-address.ts'

describe('a socket that is gone', () => {
  test('has no peer, and the local end it was accepted on', () => {
    const [socket, here] = [new Socket(), tcpAddress('127.0.0.1', 80)]
    expect(peerAddressOf(socket, here)).toBeUndefined()
    expect(localAddressOf(socket, here)).toBe(here)
  })
})

describe('a UNIX socket', () => {
  test('has a nameless peer, and its path as its own end', () => {
    const [socket, here] = [new Socket(), unixAddress('/run/app')]
    expect(peerAddressOf(socket, here)).toEqual(unixAddress(''))
    expect(localAddressOf(socket, here)).toBe(here)
  })
})

describe('a TCP socket', () => {
  test('has numeric ends, IPv4 also where it came as IPv6', () => {
    const socket = Object.create(Socket.prototype, {
      remoteAddress: { value: '::ffff:192.0.2.1' },
      remotePort: { value: 5000 },
      localAddress: { value: '::ffff:127.0.0.1' },
      localPort: { value: 80 },
    }) as Socket
    expect(peerAddressOf(socket, tcpAddress('::', 80))).toEqual(tcpAddress('192.0.2.1', 5000))
    expect(localAddressOf(socket, tcpAddress('::', 80))).toEqual(tcpAddress('127.0.0.1', 80))
  })
})
