import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { ServerTLS } from '../../src/tls/server-tls.ts'
import { TLSFactory } from '../../src/tls/tls-factory.ts'
import { ALPNFactory, Factory } from '../../src/protocol/factory.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from './certificates.ts'
import { settleUntil } from './tls-memory-harness.ts'

class Refusing extends Factory {
  override buildProtocol(): undefined {
    return undefined
  }
}

class Failing extends Factory {
  override buildProtocol(): never {
    throw new Error('no protocol today')
  }
}

describe('TLSFactory', () => {
  test('starts and stops the factory it wraps', () => {
    const inner = new OneProtocol(new Recorder())
    const factory = new TLSFactory(inner, new ServerTLS(server))
    void factory.doStart()
    expect(inner.numPorts).toBe(1)
    void factory.doStop()
    expect(inner.numPorts).toBe(0)
    expect(factory.wrappedFactory).toBe(inner)
  })

  test('builds nothing for a handshake that ends while the reactor stops, and logs no fault', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const reactor = new MemoryReactor()
      void reactor.run({ installSignalHandlers: false })
      await reactor.settle()
      const served = new Recorder()
      await reactor.listenTCP(443, new TLSFactory(new OneProtocol(served), server))
      const client = new Recorder()
      const connector = reactor.connectSSL('localhost', 443, new OneProtocol(client), { trustRoots: [root] })
      connector.whenConnected().catch(() => undefined)
      for (let turn = 0; turn < turns; turn++) {
        reactor.pump()
        await new Promise((resolve) => setImmediate(resolve))
      }
      let over = false
      void reactor.stop({ drainMs: 1000 }).then(() => (over = true))
      await settleUntil(reactor, () => over)
      expect(reactor.logged.filter(({ level }) => level === 'error')).toEqual([])
    }
  })

  test('offers the application protocols of the factory it wraps', async () => {
    const reactor = new MemoryReactor()
    const chosen = new OneProtocol(new Recorder())
    await reactor.listenTCP(443, new TLSFactory(new ALPNFactory({ chosen }), server))
    const client = new Recorder()
    const tls = { trustRoots: [root], acceptableProtocols: ['other', 'chosen'] }
    reactor.connectSSL('localhost', 443, new OneProtocol(client), tls)
    await settleUntil(reactor, () => client.made)
    expect(client.transport.negotiatedProtocol).toBe('chosen')
  })

  test.each([
    ['refuses', new Refusing()],
    ['throws', new Failing()],
  ])('closes the connection when the factory %s', async (_what, inner) => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(443, new TLSFactory(inner, new ServerTLS(server)))
    const client = new Recorder()
    reactor.connectSSL('localhost', 443, new OneProtocol(client), { trustRoots: [root] })
    await settleUntil(reactor, () => client.lost)
    await settleUntil(reactor, () => [...reactor.connections].length === 0)
    expect(client.made).toBe(true)
  })
})
