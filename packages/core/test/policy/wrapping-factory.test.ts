import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { ConnectionDone } from '../../src/errors.ts'
import { IdleTimeout } from '../../src/policy/idle-timeout.ts'
import { LimitTotalConnections } from '../../src/policy/connection-limits.ts'
import { WrappingFactory } from '../../src/policy/wrapping-factory.ts'
import { ClientFactory, Factory } from '../../src/protocol/factory.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { OneProtocol } from '../one-protocol.ts'

describe('WrappingFactory', () => {
  test('adds its policies before those of the factory, on either side of a connection, and stands in nobody’s way (statement 140 changed, row 184)', async () => {
    const reactor = new MemoryReactor()
    const [outer, inner] = [new LimitTotalConnections(5), new IdleTimeout(1000)]
    const recorder = new Recorder()
    const wrapped = new WrappingFactory(new OneProtocol(recorder), [inner])
    const factory = new WrappingFactory(wrapped, [outer])
    expect(factory.policies).toEqual([outer, inner])
    await reactor.listenTCP(80, factory)
    const client = new Recorder()
    reactor.connectTCP('localhost', 80, new WrappingFactory(new OneProtocol(client), [outer]))
    reactor.pump()
    expect([outer.count, recorder.made, client.made]).toEqual([2, true, true])
    expect([...reactor.connections]).toContain(recorder.transport)
    reactor.advance(1000)
    expect([recorder.lost, outer.count]).toEqual([true, 0])
  })

  test('passes on what its factory is asked and told, a refusal too (statement 139 changed, row 185)', () => {
    const told: string[] = []
    const inner = new (class extends ClientFactory<Recorder> {
      override buildProtocol = (): undefined => undefined
      override startedConnecting = (): void => void told.push('started connecting')
      override clientConnectionFailed = (): void => void told.push('failed')
      override clientConnectionLost = (): void => void told.push('lost')
      override startFactory = (): void => void told.push('start')
      override stopFactory = (): void => void told.push('stop')
    })()
    const factory = new WrappingFactory(inner, [])
    void factory.doStart()
    factory.startedConnecting({} as never)
    factory.clientConnectionFailed({} as never, new Error('no'))
    factory.clientConnectionLost({} as never, new ConnectionDone())
    void factory.doStop()
    expect(told).toEqual(['start', 'started connecting', 'failed', 'lost', 'stop'])
    expect(factory.buildProtocol(tcpAddress('127.0.0.1', 1))).toBeUndefined()
    expect(new WrappingFactory(Factory.forProtocol(Recorder), []).acceptableProtocols).toBeUndefined()
  })

  test.each(['startedConnecting', 'clientConnectionFailed'] as const)(
    'lets a connector log what %s of its factory rejects with (statement 128)',
    async (callback) => {
      const [reactor, fault] = [new MemoryReactor(), new Error(`in ${callback}`)]
      const factory = Object.assign(new OneProtocol(new Recorder()), {
        [callback]: () => Promise.reject(fault),
      })
      reactor.connectTCP('localhost', 80, new WrappingFactory(factory, []))
      await reactor.settle()
      expect(reactor.logged.map(({ error }) => error)).toEqual([fault])
    },
  )
})
