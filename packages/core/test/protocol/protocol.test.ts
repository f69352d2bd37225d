import { describe, expect, test } from 'vitest'
import { Factory, LocalProtocolError, NotConnectedError, Protocol } from '../../src/index.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { OneProtocol } from '../one-protocol.ts'

class Plain extends Protocol {}

describe('Protocol', () => {
  test('throws for transport before makeConnection, and keeps it after the end', () => {
    const protocol = new Plain()
    expect(() => protocol.transport).toThrow(NotConnectedError)
    expect(protocol.connected).toBe(false)
    const transport = StringTransport.connect(protocol)
    expect([protocol.transport === transport, protocol.connected]).toEqual([true, true])
    transport.receiveEnd()
    expect([protocol.transport === transport, protocol.connected]).toEqual([true, false])
  })

  test('serves one connection at a time: a second one is refused, and the first stays up', async () => {
    const reactor = new MemoryReactor()
    const one = new Plain()
    await reactor.listenTCP(80, Factory.forProtocol(Plain))
    const [first, second] = [0, 1].map(() => reactor.connectTCP('localhost', 80, new OneProtocol(one)))
    reactor.pump()
    expect(await first?.whenConnected()).toBe(one)
    expect(reactor.flushLoggedErrors(LocalProtocolError).map(({ message }) => message)).toEqual([
      'Cannot use one protocol for two connections: build one for each',
    ])
    expect(one.connected).toBe(true)
    second?.disconnect()
  })

  test('has its transport within connectionMade, and passes its promise to the transport', () => {
    const seen: boolean[] = []
    const pending = Promise.resolve()
    class Eager extends Protocol {
      override connectionMade(): Promise<void> {
        seen.push(this.connected)
        return pending
      }
    }
    expect(new Eager().makeConnection(new StringTransport())).toBe(pending)
    expect(seen).toEqual([true])
  })

  test('ignores every event unless a callback is overridden', () => {
    const transport = StringTransport.connect(new Plain())
    transport.receive('whatever')
    transport.receiveEnd()
    expect([transport.value(), transport.connected]).toEqual(['', false])
    expect(transport.reactor.logged).toEqual([])
  })

  test('returns the factory that built it, and throws a helpful error without one', () => {
    expect(() => new Plain().factory).toThrow(NotConnectedError)
    const factory = Factory.forProtocol(Plain)
    expect(factory.buildProtocol(new StringTransport().getPeer())?.factory).toBe(factory)
  })
})
