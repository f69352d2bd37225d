import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import {
  ClientFactory,
  ConnectionDone,
  type Connector,
  Factory,
  type ProtocolEvents,
  type ProtocolFactory,
  tcpAddress,
} from '../../src/index.ts'
import { ForwardingFactory, IdleTimeout, LimitTotalConnections, WrappingFactory } from '../../src/policies.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { ProxyProtocolFactory } from '../../src/proxy.ts'
import { ALPNFactory, TLSFactory } from '../../src/tls.ts'
import { OneProtocol } from '../one-protocol.ts'
import { server } from '../tls/certificates.ts'

/** Records the calls it gets. */
class Noting implements ProtocolFactory {
  readonly notes: unknown[][] = []
  readonly policies = [new IdleTimeout(1000)]
  readonly acceptableProtocols = ['h2']

  doStart(): unknown {
    return this.#note('doStart')
  }
  doStop(): unknown {
    return this.#note('doStop')
  }
  buildProtocol(...args: unknown[]): undefined {
    void this.#note('buildProtocol', ...args)
  }
  startedConnecting(...args: unknown[]): unknown {
    return this.#note('startedConnecting', ...args)
  }
  clientConnectionFailed(...args: unknown[]): unknown {
    return this.#note('clientConnectionFailed', ...args)
  }
  clientConnectionLost(...args: unknown[]): unknown {
    return this.#note('clientConnectionLost', ...args)
  }

  #note(...note: unknown[]): Promise<unknown> {
    this.notes.push(note)
    return Promise.resolve('noted')
  }
}

class Plain extends ForwardingFactory {
  override buildProtocol(): ProtocolEvents | undefined {
    return undefined
  }
}

/** Every factory of the package that wraps another one for ports and connectors. */
const DELEGATING: Readonly<Record<string, (inner: ProtocolFactory) => ProtocolFactory>> = {
  ForwardingFactory: (inner) => new Plain(inner),
  WrappingFactory: (inner) => new WrappingFactory(inner, []),
  TLSFactory: (inner) => new TLSFactory(inner, server),
  ProxyProtocolFactory: (inner) => new ProxyProtocolFactory(inner, { trustedSources: 'any' }),
  ALPNFactory: (inner) => new ALPNFactory({ h2: inner }),
}

describe.each(Object.entries(DELEGATING))('%s', (_name, make) => {
  test('forwards policies, protocol names and all callbacks, and returns their results', async () => {
    const inner = new Noting()
    const outer = make(inner)
    const connector = {} as Connector
    const [failed, lost] = [new Error('failed'), new ConnectionDone()]
    expect([outer.policies, outer.acceptableProtocols]).toEqual([inner.policies, ['h2']])
    const returned = [
      outer.doStart(),
      outer.startedConnecting?.(connector),
      outer.clientConnectionFailed?.(connector, failed),
      outer.clientConnectionLost?.(connector, lost),
      outer.doStop(),
    ]
    expect(inner.notes).toEqual([
      ['doStart'],
      ['startedConnecting', connector],
      ['clientConnectionFailed', connector, failed],
      ['clientConnectionLost', connector, lost],
      ['doStop'],
    ])
    for (const promise of returned) expect([await promise].flat()).toEqual(['noted'])
  })

  test('forwards nothing when the wrapped factory lacks the optional callbacks', () => {
    const outer = make({ doStart: () => undefined, doStop: () => undefined, buildProtocol: () => undefined })
    const connector = {} as Connector
    expect(outer.startedConnecting?.(connector)).toBeUndefined()
    expect(outer.clientConnectionFailed?.(connector, new Error('failed'))).toBeUndefined()
    expect(outer.clientConnectionLost?.(connector, new ConnectionDone())).toBeUndefined()
    expect(outer.policies ?? []).toEqual([])
  })
})

describe('WrappingFactory and ALPNFactory', () => {
  test('call buildProtocol of the wrapped factory', () => {
    const inner = new Noting()
    const peer = tcpAddress('192.0.2.1', 80)
    new WrappingFactory(inner, []).buildProtocol(peer)
    new ALPNFactory({ h2: inner }).buildProtocol(peer)
    expect(inner.notes).toEqual([
      ['buildProtocol', peer, undefined],
      ['buildProtocol', peer, undefined],
    ])
  })

  test('a factory with two ALPN names gets each callback once', () => {
    const inner = new Noting()
    const outer = new ALPNFactory({ h2: inner, 'http/1.1': inner })
    void outer.doStart()
    void outer.startedConnecting({} as Connector)
    expect([inner.notes.length, outer.policies]).toEqual([2, inner.policies])
  })
})

describe('WrappingFactory', () => {
  test('adds its policies before those of the factory, for servers and clients', async () => {
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

  test('passes every call to its factory, and returns its result, also a refusal', () => {
    const calls: string[] = []
    const inner = new (class extends ClientFactory<Recorder> {
      override buildProtocol = (): undefined => undefined
      override startedConnecting = (): void => void calls.push('started connecting')
      override clientConnectionFailed = (): void => void calls.push('failed')
      override clientConnectionLost = (): void => void calls.push('lost')
      override startFactory = (): void => void calls.push('start')
      override stopFactory = (): void => void calls.push('stop')
    })()
    const factory = new WrappingFactory(inner, [])
    void factory.doStart()
    factory.startedConnecting({} as never)
    factory.clientConnectionFailed({} as never, new Error('no'))
    factory.clientConnectionLost({} as never, new ConnectionDone())
    void factory.doStop()
    expect(calls).toEqual(['start', 'started connecting', 'failed', 'lost', 'stop'])
    expect(factory.buildProtocol(tcpAddress('127.0.0.1', 1))).toBeUndefined()
    expect(new WrappingFactory(Factory.forProtocol(Recorder), []).acceptableProtocols).toBeUndefined()
  })

  test.each(['startedConnecting', 'clientConnectionFailed'] as const)(
    'lets a connector log the rejection of %s of its factory',
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
