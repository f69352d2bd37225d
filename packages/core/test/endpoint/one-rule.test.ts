import { describe, expect, test } from 'vitest'
import {
  type ClientEndpoint,
  ConnectingCancelledError,
  HostnameEndpoint,
  SSLClientEndpoint,
  TCPClientEndpoint,
  UNIXClientEndpoint,
  wrapClientTLS,
} from '../../src/endpoints.ts'
import {
  ClientFactory,
  ConnectError,
  NoProtocol,
  type ProtocolEvents,
  type ProtocolFactory,
  ReconnectingClientFactory,
} from '../../src/index.ts'
import { ClientTLS } from '../../src/tls.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'

const BUG = new Error('a bug')

class Failing extends Recorder {
  override connectionMade(): unknown {
    throw BUG
  }
}

class Rejecting extends Recorder {
  override async connectionMade(): Promise<void> {
    await Promise.resolve()
    throw BUG
  }
}

class Leaving extends Recorder {
  override connectionMade(): unknown {
    this.transport.abortConnection()
    return undefined
  }
}

/** Every way to connect a client with a factory. */
const WAYS: Readonly<Record<string, (reactor: MemoryReactor) => ClientEndpoint>> = {
  TCPClientEndpoint: (reactor) => new TCPClientEndpoint(reactor, '127.0.0.1', 80),
  UNIXClientEndpoint: (reactor) => new UNIXClientEndpoint(reactor, '/run/app'),
  HostnameEndpoint: (reactor) => new HostnameEndpoint(reactor, 'several.test', 80),
  SSLClientEndpoint: (reactor) => new SSLClientEndpoint(reactor, 'localhost', 443, { trustRoots: [root] }),
  wrapClientTLS: (reactor) =>
    wrapClientTLS(
      new ClientTLS({ serverName: 'localhost', trustRoots: [root] }),
      new TCPClientEndpoint(reactor, '127.0.0.1', 443),
    ),
}

interface Fault {
  readonly fault: string
  readonly build: () => unknown
  /** The cause of the NoProtocol. */
  readonly cause: unknown
  /** How often something is logged at `error`. */
  readonly logs: number
}

const FAULTS: readonly Fault[] = [
  {
    fault: 'buildProtocol throws',
    build: () => {
      throw BUG
    },
    cause: BUG,
    logs: 1,
  },
  { fault: 'buildProtocol returns undefined', build: () => undefined, cause: undefined, logs: 0 },
  { fault: 'buildProtocol returns null', build: () => null, cause: undefined, logs: 0 },
  {
    fault: 'buildProtocol returns a promise',
    build: async () => new Recorder(),
    cause: expect.objectContaining({
      message: expect.stringContaining('a promise: return the protocol itself'),
    }),
    logs: 1,
  },
  {
    fault: 'buildProtocol returns a promise that rejects',
    build: () => Promise.reject(BUG),
    cause: expect.any(TypeError),
    logs: 1,
  },
  {
    fault: 'buildProtocol returns a class',
    build: () => Recorder,
    cause: expect.objectContaining({ message: expect.stringContaining('the class Recorder') }),
    logs: 1,
  },
  {
    fault: 'buildProtocol returns another object',
    build: () => ({ dataReceived: () => undefined }),
    cause: expect.objectContaining({ message: expect.stringContaining('no makeConnection, connectionLost') }),
    logs: 1,
  },
  { fault: 'connectionMade throws', build: () => new Failing(), cause: BUG, logs: 1 },
  { fault: 'connectionMade rejects', build: () => new Rejecting(), cause: BUG, logs: 1 },
  {
    fault: 'connectionMade aborts',
    build: () => new Leaving(),
    cause: expect.objectContaining({ name: 'ConnectionAborted' }),
    logs: 0,
  },
]

async function listening(accepted: Recorder[] = []): Promise<MemoryReactor> {
  const reactor = new MemoryReactor()
  reactor.names.set('several.test', ['127.0.0.1'])
  const factory = factoryOf(() => {
    const protocol = new Recorder()
    accepted.push(protocol)
    return protocol
  })
  await reactor.listenTCP(80, factory)
  await reactor.listenUNIX('/run/app', factory)
  await reactor.listenSSL(443, factory, server)
  return reactor
}

function factoryOf(build: () => unknown): ClientFactory {
  return new (class Careless extends ClientFactory {
    override buildProtocol(): ProtocolEvents {
      return build() as ProtocolEvents
    }
  })()
}

async function outcomeOf(reactor: MemoryReactor, connecting: Promise<unknown>): Promise<unknown> {
  let settled: { readonly outcome: unknown } | undefined
  connecting.then(
    (outcome) => (settled = { outcome }),
    (outcome: unknown) => (settled = { outcome }),
  )
  await settleUntil(reactor, () => settled !== undefined)
  return settled?.outcome
}

describe.each(Object.keys(WAYS))('%s', (way) => {
  const endpointOf = (reactor: MemoryReactor): ClientEndpoint => {
    const make = WAYS[way]
    if (make === undefined) throw new Error(`no way ${way}`)
    return make(reactor)
  }

  test.each(FAULTS)('rejects with NoProtocol when $fault, and logs it $logs times', async (row) => {
    const reactor = await listening()
    const factory = factoryOf(row.build)
    const failed = await outcomeOf(reactor, endpointOf(reactor).connect(factory))
    expect(failed).toBeInstanceOf(NoProtocol)
    expect(failed).toBeInstanceOf(ConnectError)
    expect((failed as Error).cause).toEqual(row.cause)
    await settleUntil(reactor, () => reactor.connections.size === 0 && factory.numPorts === 0)
    const errors = reactor.logged.filter(({ level }) => level === 'error')
    expect(errors).toHaveLength(row.logs)
    if (row.fault.startsWith('buildProtocol') && row.logs > 0)
      expect(errors[0]?.label).toMatch(/^Careless \S+/)
  })

  test('resolves once the promise of connectionMade has settled', async () => {
    const accepted: Recorder[] = []
    const reactor = await listening(accepted)
    let made = (): void => undefined
    const client = new (class extends Recorder {
      override connectionMade(): Promise<void> {
        return new Promise((resolve) => (made = resolve))
      }
    })()
    let connected: unknown
    const connecting = endpointOf(reactor).connect(factoryOf(() => client))
    void connecting.then((protocol) => (connected = protocol))
    await settleUntil(reactor, () => client.made && accepted[0]?.made === true)
    reactor.advance(60_000)
    await reactor.settle()
    expect(connected).toBeUndefined()
    made()
    expect(await connecting).toBe(client)
    expect(client.connected).toBe(true)
  })

  test.each(['ends', 'is cancelled'])(
    'rejects when the connection %s while connectionMade is pending',
    async (how) => {
      const reactor = await listening()
      const client = new (class extends Recorder {
        override connectionMade(): Promise<void> {
          return new Promise(() => undefined)
        }
      })()
      const abort = new AbortController()
      const connecting = endpointOf(reactor).connect(
        factoryOf(() => client),
        { signal: abort.signal },
      )
      const outcome = outcomeOf(reactor, connecting)
      await settleUntil(reactor, () => client.made)
      if (how === 'ends') for (const transport of reactor.connections) transport.abortConnection()
      else abort.abort()
      expect(await outcome).toBeInstanceOf(how === 'ends' ? NoProtocol : ConnectingCancelledError)
      await settleUntil(reactor, () => reactor.connections.size === 0)
      expect(reactor.logged.filter(({ level }) => level === 'error')).toEqual([])
    },
  )

  test('does not call the connector callbacks of a factory: the caller decides about another attempt', async () => {
    const reactor = await listening()
    const notes: string[] = []
    class Eager extends ReconnectingClientFactory {
      override buildProtocol(): ProtocolEvents {
        return new Recorder()
      }
      override startFactory(): void {
        notes.push('started')
      }
      override stopFactory(): void {
        notes.push('stopped')
      }
      override startedConnecting(): void {
        notes.push('connecting')
      }
    }
    const client = (await outcomeOf(reactor, endpointOf(reactor).connect(new Eager({ reactor })))) as Recorder
    client.transport.abortConnection()
    await settleUntil(reactor, () => notes.length === 2)
    reactor.advance(600_000)
    await reactor.settle()
    expect([notes, reactor.connections.size, reactor.getDelayedCalls()]).toEqual([
      ['started', 'stopped'],
      0,
      [],
    ])
  })
})

describe('a port', () => {
  test.each(FAULTS)('refuses only that connection when $fault, and logs it $logs times', async (row) => {
    for (const secure of [false, true]) {
      const reactor = new MemoryReactor()
      let faulty = true
      const factory = factoryOf(() => (faulty ? row.build() : new Recorder())) as ProtocolFactory
      const port = secure
        ? await reactor.listenSSL(80, factory, server)
        : await reactor.listenTCP(80, factory)
      const ends = [new Recorder(), new Recorder()]
      const connect = (client: Recorder): unknown =>
        secure
          ? reactor.connectSSL(
              'localhost',
              80,
              factoryOf(() => client),
              { trustRoots: [root] },
            )
          : reactor.connectTCP(
              '127.0.0.1',
              80,
              factoryOf(() => client),
            )
      connect(ends[0] as Recorder)
      await settleUntil(reactor, () => ends[0]?.lost === true)
      await settleUntil(reactor, () => port.connections.size === 0)
      const errors = reactor.logged.filter(({ level }) => level === 'error')
      expect(errors).toHaveLength(row.logs)
      faulty = false
      connect(ends[1] as Recorder)
      await settleUntil(reactor, () => port.connections.size === 1 && ends[1]?.made === true)
    }
  })
})
