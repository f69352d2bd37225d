import { describe, expect, test } from 'vitest'
import { InvalidAddressError } from '../../src/endpoints.ts'
import { DNSLookupError, NotConnectedError } from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { ConnectedDatagramProtocol, DatagramProtocol, udpAddress } from '../../src/udp.ts'
import { DatagramEcho } from '../../src/checks/datagram-harness.ts'

class Plain extends DatagramProtocol {}

class Asking extends ConnectedDatagramProtocol {
  readonly replies: string[] = []

  override startProtocol(): void {
    this.transport.write('hello')
  }

  override datagramReceived(data: Buffer): void {
    this.replies.push(data.toString())
  }
}

class Silent extends ConnectedDatagramProtocol {}

describe('DatagramProtocol', () => {
  test('throws for transport before makeConnection, and keeps it after the end', async () => {
    const protocol = new Plain()
    expect(() => protocol.transport).toThrow(NotConnectedError)
    const port = await new MemoryReactor().listenUDP(0, protocol)
    await port.stopListening()
    expect([protocol.transport === port, port.listening]).toEqual([true, false])
  })

  test('ignores every event unless a callback is overridden', async () => {
    const [reactor, protocol] = [new MemoryReactor(), new Plain()]
    const port = await reactor.listenUDP(53, protocol)
    port.connect('127.0.0.1', 53)
    port.write('to myself')
    reactor.pump()
    void protocol.connectionRefused()
    await port.stopListening()
    expect(reactor.logged).toEqual([])
  })

  test('can be started by a test on any transport', async () => {
    const reactor = new MemoryReactor()
    const transport = await reactor.listenUDP(0, new Plain())
    const protocol = new Plain()
    void protocol.makeConnection(transport)
    expect(protocol.transport).toBe(transport)
    expect(protocol.datagramReceived(Buffer.alloc(0), udpAddress('127.0.0.1', 1))).toBeUndefined()
  })
})

describe('ConnectedDatagramProtocol', () => {
  test('looks up the name of its peer, and starts connected to it', async () => {
    const [reactor, asking] = [new MemoryReactor(), new Asking('time.example', 37)]
    reactor.names.set('time.example', ['2001:db8::1', '192.0.2.1'])
    const server = new DatagramEcho()
    await reactor.listenUDP(37, server)
    const port = await reactor.listenUDP(0, asking)
    reactor.pump()
    expect([server.texts, asking.replies]).toEqual([['hello'], ['hello']])
    expect(() => port.connect('192.0.2.1', 37)).toThrow('connected to 192.0.2.1:37')
  })

  test('accepts an address of either family on a port that is bound to both', async () => {
    const reactor = new MemoryReactor()
    reactor.names.set('time.example', ['2001:db8::1', '192.0.2.1'])
    const port = await reactor.listenUDP(0, new Asking('time.example', 37), { interface: '::' })
    expect(() => port.connect('::1', 37)).toThrow('connected to [2001:db8::1]:37')
  })

  test('is not opened when its peer has no address that the port can reach', async () => {
    const reactor = new MemoryReactor()
    await expect(reactor.listenUDP(0, new Asking('no.example', 37))).rejects.toThrow(DNSLookupError)
    await expect(reactor.listenUDP(0, new Asking('::1', 37))).rejects.toThrow(InvalidAddressError)
  })

  test('ignores datagrams unless datagramReceived is overridden', async () => {
    const [reactor, server] = [new MemoryReactor(), new DatagramEcho()]
    await reactor.listenUDP(37, server)
    const port = await reactor.listenUDP(0, new Silent('127.0.0.1', 37))
    port.write('hello')
    reactor.pump()
    expect([server.texts, reactor.logged]).toEqual([['hello'], []])
  })
})
