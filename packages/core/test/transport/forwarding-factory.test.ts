import { describe, expect, test } from 'vitest'
import {
  ALPNFactory,
  type Connector,
  ConnectionDone,
  ForwardingFactory,
  IdleTimeout,
  type ProtocolEvents,
  type ProtocolFactory,
  ProxyProtocolFactory,
  tcpAddress,
  TLSFactory,
  WrappingFactory,
} from '../../src/index.ts'
import { server } from '../tls/certificates.ts'

/** Notes what is called. */
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

/** Every factory of the package that stands before another for ports and connectors. */
const DELEGATING: Readonly<Record<string, (inner: ProtocolFactory) => ProtocolFactory>> = {
  ForwardingFactory: (inner) => new Plain(inner),
  WrappingFactory: (inner) => new WrappingFactory(inner, []),
  TLSFactory: (inner) => new TLSFactory(inner, server),
  ProxyProtocolFactory: (inner) => new ProxyProtocolFactory(inner, { trustedSources: 'any' }),
  ALPNFactory: (inner) => new ALPNFactory({ h2: inner }),
}

describe.each(Object.entries(DELEGATING))('%s', (_name, make) => {
  test('forwards rules, names, uses and all about connectors, with what they return', async () => {
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

  test('forwards nothing to a factory that has no such callbacks', () => {
    const outer = make({ doStart: () => undefined, doStop: () => undefined, buildProtocol: () => undefined })
    const connector = {} as Connector
    expect(outer.startedConnecting?.(connector)).toBeUndefined()
    expect(outer.clientConnectionFailed?.(connector, new Error('failed'))).toBeUndefined()
    expect(outer.clientConnectionLost?.(connector, new ConnectionDone())).toBeUndefined()
    expect(outer.policies ?? []).toEqual([])
  })
})

describe('WrappingFactory and ALPNFactory', () => {
  test('ask the factory that they stand before', () => {
    const inner = new Noting()
    const peer = tcpAddress('192.0.2.1', 80)
    new WrappingFactory(inner, []).buildProtocol(peer)
    new ALPNFactory({ h2: inner }).buildProtocol(peer)
    expect(inner.notes).toEqual([
      ['buildProtocol', peer, undefined],
      ['buildProtocol', peer, undefined],
    ])
  })

  test('a factory with two names in ALPN is used once', () => {
    const inner = new Noting()
    const outer = new ALPNFactory({ h2: inner, 'http/1.1': inner })
    void outer.doStart()
    void outer.startedConnecting({} as Connector)
    expect([inner.notes.length, outer.policies]).toEqual([2, inner.policies])
  })
})
