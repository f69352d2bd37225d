import { describe, expect, test } from 'vitest'
import { ClientFactory, Factory, Protocol, type ProtocolEvents, tcpAddress } from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { ALPNFactory } from '../../src/tls.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'

class Counting extends Factory {
  readonly notes: string[] = []
  override buildProtocol(): undefined {}
  override startFactory(): void {
    this.notes.push('start')
  }
  override stopFactory(): void {
    this.notes.push('stop')
  }
}

describe('Factory', () => {
  test('starts with its first port and stops with its last', async () => {
    const [reactor, factory] = [new MemoryReactor(), new Counting()]
    const ports = [await reactor.listenTCP(0, factory), await reactor.listenTCP(0, factory)]
    expect([factory.notes, factory.numPorts]).toEqual([['start'], 2])
    await ports[0]?.stopListening()
    expect([factory.notes, factory.numPorts]).toEqual([['start'], 1])
    await ports[1]?.stopListening()
    expect([factory.notes, factory.numPorts]).toEqual([['start', 'stop'], 0])
  })

  test('ignores a stop without a start', () => {
    const factory = new Counting()
    void factory.doStop()
    expect([factory.notes, factory.numPorts]).toEqual([[], 0])
  })

  test('lets a port log the rejection of an asynchronous stopFactory', async () => {
    const [reactor, fault] = [new MemoryReactor(), new Error('stuck')]
    const factory = new (class extends Counting {
      override stopFactory(): void {
        return Promise.reject(fault) as never
      }
    })()
    await (await reactor.listenTCP(80, factory)).stopListening()
    await reactor.settle()
    expect(reactor.logged.map(({ error }) => error)).toEqual([fault])
  })

  test('counts no port when startFactory throws, so that the next port tries again', () => {
    let broken = true
    const factory = new (class extends Counting {
      override startFactory(): void {
        if (broken) throw new Error('not ready')
        super.startFactory()
      }
    })()
    expect(() => factory.doStart()).toThrow('not ready')
    broken = false
    void factory.doStart()
    expect([factory.notes, factory.numPorts]).toEqual([['start'], 1])
  })
})

describe('Factory.forProtocol', () => {
  class Greeting extends Protocol {
    readonly words: readonly string[]
    constructor(...words: string[]) {
      super()
      this.words = words
    }
  }

  test('makes a new protocol each time, with the arguments, and sets its factory', () => {
    const factory = Factory.forProtocol(Greeting, 'hello', 'world')
    const [one, other] = [1, 2].map((port) => factory.buildProtocol(tcpAddress('192.0.2.1', port)))
    expect(one).not.toBe(other)
    expect([one?.words, one?.factory]).toEqual([['hello', 'world'], factory])
    expect(factory).toBeInstanceOf(ClientFactory)
  })

  test('accepts a class that does not extend Protocol', () => {
    class Bare implements ProtocolEvents {
      makeConnection(): void {}
      dataReceived(): void {}
      connectionLost(): void {}
    }
    const built = Factory.forProtocol(Bare).buildProtocol(tcpAddress('192.0.2.1', 1))
    expect(built).toBeInstanceOf(Bare)
    expect(built).not.toHaveProperty('factory')
  })
})

describe('ClientFactory', () => {
  test('ignores the events of its connectors unless a callback is overridden', () => {
    const reactor = new MemoryReactor()
    const connector = reactor.connectTCP('127.0.0.1', 80, Factory.forProtocol(class extends Protocol {}))
    reactor.pump()
    expect([connector.state, reactor.logged]).toEqual(['disconnected', []])
  })
})

const session = (negotiatedProtocol: string | undefined) => ({
  negotiatedProtocol,
  serverName: undefined,
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  peerCertificate: undefined,
})

describe('ALPNFactory', () => {
  const [modern, old] = [new Recorder(), new Recorder()]
  const peer = tcpAddress('127.0.0.1', 1)

  test('builds with the factory of the negotiated protocol, or with the last one without negotiation', () => {
    const factory = new ALPNFactory({ modern: new OneProtocol(modern), old: new OneProtocol(old) })
    expect(factory.acceptableProtocols).toEqual(['modern', 'old'])
    expect(factory.buildProtocol(peer, session('modern'))).toBe(modern)
    expect(factory.buildProtocol(peer, session('old'))).toBe(old)
    expect(factory.buildProtocol(peer, session(undefined))).toBe(old)
    expect(factory.buildProtocol(peer)).toBe(old)
    expect(factory.buildProtocol(peer, session('unknown'))).toBeUndefined()
  })

  test('starts and stops its factories together with itself', () => {
    const inner = new OneProtocol(modern)
    const factory = new ALPNFactory({ modern: inner })
    void factory.doStart()
    expect(inner.numPorts).toBe(1)
    void factory.doStop()
    expect(inner.numPorts).toBe(0)
  })

  test('needs at least one factory', () => {
    expect(() => new ALPNFactory({})).toThrow(/needs at least one factory/)
  })
})
