import { describe, expect, test } from 'vitest'
import {
  AdoptedStreamServerEndpoint,
  clientFromString,
  connectProtocol,
  HostnameEndpoint,
  serverFromString,
  SSLClientEndpoint,
  SSLServerEndpoint,
  TCPClientEndpoint,
  TCPServerEndpoint,
  UNIXClientEndpoint,
  UNIXServerEndpoint,
  wrapClientTLS,
} from '../../src/endpoints.ts'
import { createReactor, Factory, Protocol, ReconnectingClientFactory, sleep } from '../../src/index.ts'
import {
  consoleObserver,
  jsonLinesObserver,
  LogPublisher,
  pinoObserver,
  textObserver,
} from '../../src/log.ts'
import {
  IdleTimeout,
  LimitAcceptRate,
  ProtocolTimeout,
  Throttle,
  TrafficLog,
  WrappingFactory,
} from '../../src/policies.ts'
import { ProxyProtocolFactory } from '../../src/proxy.ts'
import {
  ClientService,
  MultiService,
  runServices,
  StreamServerEndpointService,
  TimerService,
} from '../../src/services.ts'
import { deferLater, interval, Lock, LoopingCall, Queue, Semaphore } from '../../src/time.ts'
import { ALPNFactory, ClientTLS, ServerTLS, serverTLSFromFiles, TLSFactory } from '../../src/tls.ts'
import { DatagramProtocol } from '../../src/udp.ts'
import { StreamInput, StreamReader } from '../../src/stream/stream-reader.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { server } from '../tls/certificates.ts'

class Echo extends Protocol {}
class EchoFactory extends Factory {
  override buildProtocol(): Echo {
    return new Echo()
  }
}
class Page {
  render(): string {
    return 'hello'
  }
}

/** Allows arguments that TypeScript would refuse. */
type Loose = (...args: unknown[]) => unknown

const MISTAKES: readonly (readonly [mistake: string, given: unknown, remedy: string])[] = [
  ['a class of protocols', Echo, 'give Factory.forProtocol(Echo)'],
  [
    'a protocol',
    new Echo(),
    'give a factory, which makes one for each connection: Factory.forProtocol(Echo)',
  ],
  ['a class of factories', EchoFactory, 'give an instance: new EchoFactory()'],
  ['a resource', new Page(), 'give a factory for it: new Site(root)'],
  ['a class of resources', Page, 'give new Site(new Page())'],
  ['nothing', undefined, 'give a factory, such as Factory.forProtocol(Echo)'],
  ['null', null, 'give a factory, such as Factory.forProtocol(Echo)'],
  ['an object', {}, 'give a factory, such as Factory.forProtocol(Echo)'],
  ['a function', () => undefined, 'give Factory.forProtocol(Echo)'],
  ['a number', 80, 'give a factory, such as Factory.forProtocol(Echo)'],
]

/** Every function that takes a factory. */
const TAKERS: Readonly<Record<string, (factory: never) => unknown>> = {
  listenTCP: (factory) => new MemoryReactor().listenTCP(0, factory),
  listenUNIX: (factory) => new MemoryReactor().listenUNIX('/run/app', factory),
  listenSSL: (factory) => new MemoryReactor().listenSSL(0, factory, server),
  connectTCP: (factory) => new MemoryReactor().connectTCP('127.0.0.1', 80, factory),
  connectUNIX: (factory) => new MemoryReactor().connectUNIX('/run/app', factory),
  connectSSL: (factory) => new MemoryReactor().connectSSL('localhost', 443, factory),
  TCPServerEndpoint: (factory) => new TCPServerEndpoint(new MemoryReactor(), 0).listen(factory),
  TCPClientEndpoint: (factory) =>
    new TCPClientEndpoint(new MemoryReactor(), '127.0.0.1', 80).connect(factory),
  UNIXClientEndpoint: (factory) => new UNIXClientEndpoint(new MemoryReactor(), '/run/app').connect(factory),
  SSLClientEndpoint: (factory) =>
    new SSLClientEndpoint(new MemoryReactor(), 'localhost', 443).connect(factory),
  HostnameEndpoint: (factory) => new HostnameEndpoint(new MemoryReactor(), 'localhost', 80).connect(factory),
  wrapClientTLS: (factory) =>
    wrapClientTLS(
      new ClientTLS({ serverName: 'localhost' }),
      new TCPClientEndpoint(new MemoryReactor(), '127.0.0.1', 80),
    ).connect(factory),
  TLSFactory: (factory) => new TLSFactory(factory, server),
  WrappingFactory: (factory) => new WrappingFactory(factory, []),
  ProxyProtocolFactory: (factory) => new ProxyProtocolFactory(factory, { trustedSources: 'any' }),
  ALPNFactory: (factory) => new ALPNFactory({ h2: factory }),
  ClientService: (factory) => {
    const reactor = new MemoryReactor()
    return new ClientService(new TCPClientEndpoint(reactor, '127.0.0.1', 80), factory, { reactor })
  },
  StreamServerEndpointService: (factory) =>
    new StreamServerEndpointService(new TCPServerEndpoint(new MemoryReactor(), 0), factory),
}

describe.each(Object.entries(TAKERS))('%s, given another value than a factory,', (_name, take) => {
  test.each(MISTAKES)('%s, names what to give instead', async (_mistake, given, remedy) => {
    const refused: unknown = await (async () => take(given as never))().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(TypeError)
    expect((refused as Error).message).toContain(remedy)
  })
})

describe('invalid arguments', () => {
  const reactor = new MemoryReactor()
  const rows: readonly (readonly [string, () => unknown, string])[] = [
    ['Factory.forProtocol()', () => (Factory.forProtocol as Loose)(), 'give a class, such as Echo'],
    [
      'forProtocol of an instance',
      () => (Factory.forProtocol as Loose)(new Echo()),
      'give its class, not an instance',
    ],
    ['forProtocol of a function', () => (Factory.forProtocol as Loose)(() => new Echo()), 'give a class'],
    [
      'LoopingCall without a function',
      () => new (LoopingCall as never as new () => unknown)(),
      'give a function',
    ],
    [
      'LoopingCall.start(1000)',
      () => (new LoopingCall(() => 1).start as Loose).call(new LoopingCall(() => 1), 1000),
      'with a reactor: { reactor }',
    ],
    ['sleep(1000)', () => (sleep as Loose)(1000), 'with a reactor: { reactor }'],
    [
      'TimerService without options',
      () => new (TimerService as never as new (...args: unknown[]) => unknown)(1000, () => 1),
      'with a reactor: { reactor }',
    ],
    [
      'ReconnectingClientFactory without options',
      () => new (class extends (ReconnectingClientFactory as never as new () => object) {})(),
      'with a reactor: { reactor }',
    ],
    [
      'serverFromString, swapped',
      () => (serverFromString as Loose)('tcp:80', reactor),
      'give a reactor, then a string',
    ],
    [
      'clientFromString, swapped',
      () => (clientFromString as Loose)('tcp:localhost:80', reactor),
      'give a reactor, then a string',
    ],
    ['serverFromString without a string', () => (serverFromString as Loose)(reactor), 'give a string'],
    ['serverFromString with a number', () => (serverFromString as Loose)(reactor, 80), 'give a string'],
  ]

  test.each(rows)('%s is refused at the call', (_what, call, remedy) => {
    let refused: unknown
    try {
      call()
    } catch (error) {
      refused = error
    }
    expect(refused).toBeInstanceOf(TypeError)
    expect((refused as Error).message).toContain(remedy)
  })

  const [endpoint, factory] = [new TCPClientEndpoint(reactor, '127.0.0.1', 1), Factory.forProtocol(Echo)]
  const service = (): ClientService<Echo> => new ClientService(endpoint, factory, { reactor })
  const waits: Readonly<Record<string, (options: never) => unknown>> = {
    sleep: (options: object) => sleep(1, { reactor, ...options }),
    interval: (options: object) => interval(1, { reactor, ...options }).next(),
    'LoopingCall.start': (options: object) => new LoopingCall(() => 1).start(1, { reactor, ...options }),
    'Queue.get': (options) => new Queue().get(options),
    'Semaphore.acquire': (options) => new Semaphore(1).acquire(options),
    'Semaphore.run': (options) => new Semaphore(1).run(() => expect.unreachable('it was called'), options),
    'Lock.acquire': (options) => new Lock().acquire(options),
    'Lock.run': (options) => new Lock().run(() => expect.unreachable('it was called'), options),
    'TCPClientEndpoint.connect': (options) => endpoint.connect(factory, options),
    'UNIXClientEndpoint.connect': (options) =>
      new UNIXClientEndpoint(reactor, '/run/app').connect(factory, options),
    'HostnameEndpoint.connect': (options) =>
      new HostnameEndpoint(reactor, 'localhost', 1).connect(factory, options),
    'wrapClientTLS.connect': (options) =>
      wrapClientTLS(new ClientTLS({ serverName: 'localhost' }), endpoint).connect(factory, options),
    connectProtocol: (options) => connectProtocol(endpoint, new Echo(), options),
    whenConnected: (options) => service().whenConnected(options),
    'StreamReader.read': (options) =>
      new StreamReader(new StreamInput({ maxBufferedBytes: 1 })).read(options),
    readExactly: (options) =>
      new StreamReader(new StreamInput({ maxBufferedBytes: 1 })).readExactly(1, options),
    readUntil: (options) =>
      new StreamReader(new StreamInput({ maxBufferedBytes: 1 })).readUntil('a', options),
  }

  describe.each(Object.entries(waits))('the options of %s', (_name, wait) => {
    test.each([
      [{ signal: new AbortController() }, 'Cannot take signal an AbortController'],
      [{ signal: {} }, 'Cannot take signal an Object'],
      [{ signl: AbortSignal.abort() }, 'did you mean signal?'],
    ])('refuse %o by name', async (options, message) => {
      const refused: unknown = await (async () => wait(options as never))().catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(TypeError)
      expect((refused as Error).message).toContain(message)
    })
  })

  test('an instance such as a transport is accepted for its signal', async () => {
    const given = new (class Connection {
      readonly id = 1
      readonly reactor = reactor
      readonly signal = AbortSignal.abort('gone')
    })()
    await expect(new Queue().get(given)).rejects.toBe('gone')
    await expect(sleep(1, given)).rejects.toBe('gone')
    const wrong = new (class Own {
      readonly #own = 5
      get signal(): number {
        return this.#own
      }
    })()
    await expect(new Queue().get(wrong as never)).rejects.toThrow('Cannot take signal 5 for Queue.get')
  })

  test.each<[string, () => unknown, string]>([
    ['deferLater', () => (deferLater as Loose)(undefined, 1, () => 1), 'Cannot take reactor undefined'],
    ['deferLater', () => (deferLater as Loose)(reactor, 1, 'call'), 'Cannot take call "call"'],
    ['Semaphore.run', () => (new Semaphore(1).run as Loose).call(new Semaphore(1), 5), 'Cannot take call 5'],
    ['Queue.get', () => new Queue().get(null as never), 'Cannot take null as the options of Queue.get'],
    ['acquire', () => new Semaphore(1).acquire(null as never), 'Cannot take null as the options of acquire'],
    [
      'whenConnected',
      () => service().whenConnected(3 as never),
      'Cannot take 3 as the options of whenConnected',
    ],
    [
      'whenConnected',
      () => service().whenConnected({ failAfterFailure: 3 } as never),
      'did you mean failAfterFailures?',
    ],
    [
      'connect',
      () => endpoint.connect(factory, { timeoutMs: 5 } as never),
      'unknown option "timeoutMs" for connect',
    ],
  ])('%s rejects, and does not throw', async (_what, call, message) => {
    await expect(call()).rejects.toThrow(message)
  })

  test.each<[string, () => unknown, string]>([
    ['withCount', () => (LoopingCall.withCount as Loose)(5), 'Cannot take call 5'],
    ['callWhenRunning', () => reactor.callWhenRunning('call' as never), 'Cannot take call "call"'],
    [
      'ClientService',
      () => new ClientService({} as never, factory, { reactor }),
      'Cannot take endpoint an Object',
    ],
    [
      'ClientService',
      () => new ClientService(undefined as never, factory, { reactor }),
      'endpoint undefined',
    ],
    [
      'StreamServerEndpointService',
      () => new StreamServerEndpointService('tcp:80' as never, factory),
      'Cannot take endpoint "tcp:80"',
    ],
  ])('%s throws at the call', (_what, call, message) => {
    expect(call).toThrow(message)
  })

  const unused = new MemoryReactor()
  type Made = new (...args: unknown[]) => unknown
  const make =
    (made: unknown, ...args: unknown[]): (() => unknown) =>
    () =>
      new (made as Made)(...args)
  test.each<[string, () => unknown, string]>([
    ['TCPServerEndpoint', make(TCPServerEndpoint, undefined, 80), 'Cannot take reactor undefined'],
    ['UNIXServerEndpoint', make(UNIXServerEndpoint, unused, ''), 'Cannot take path ""'],
    ['SSLServerEndpoint', make(SSLServerEndpoint, unused, 0), 'Cannot take tls undefined'],
    [
      'SSLServerEndpoint',
      make(SSLServerEndpoint, unused, 0, new ClientTLS({ serverName: 'a' })),
      'give a ServerTLS',
    ],
    [
      'AdoptedStreamServerEndpoint',
      make(AdoptedStreamServerEndpoint, createReactor(), '3'),
      'Cannot take fd "3"',
    ],
    [
      'TCPClientEndpoint',
      make(TCPClientEndpoint, undefined, 'localhost', 80),
      'Cannot take reactor undefined',
    ],
    ['TCPClientEndpoint', make(TCPClientEndpoint, unused, '', 80), 'Cannot take host ""'],
    ['TCPClientEndpoint', make(TCPClientEndpoint, unused, 80, 'localhost'), 'Cannot take host 80'],
    [
      'SSLClientEndpoint',
      make(SSLClientEndpoint, unused, 'localhost', 443, new ServerTLS(server)),
      'give a ClientTLS',
    ],
    ['SSLClientEndpoint', make(SSLClientEndpoint, unused, 'localhost', 443, null), 'Cannot take tls null'],
    ['UNIXClientEndpoint', make(UNIXClientEndpoint, unused, undefined), 'Cannot take path undefined'],
    ['HostnameEndpoint', make(HostnameEndpoint, undefined, 'localhost', 80), 'Cannot take reactor undefined'],
    ['TLSFactory', make(TLSFactory, factory, undefined), 'Cannot take tls undefined'],
    ['TLSFactory', make(TLSFactory, factory, 'cert'), 'Cannot take tls "cert"'],
    ['TLSFactory', make(TLSFactory, factory, {}), 'Cannot use the certificate: give cert'],
    ['ServerTLS', make(ServerTLS), 'Cannot take options undefined for ServerTLS'],
    ['ServerTLS', make(ServerTLS, { cert: server.cert }), 'Cannot use the certificate: give key'],
    ['ClientTLS', make(ClientTLS), 'Cannot take options undefined for ClientTLS'],
    ['WrappingFactory', make(WrappingFactory, factory), 'Cannot take policies undefined'],
    [
      'WrappingFactory',
      make(WrappingFactory, factory, new IdleTimeout(5)),
      'Cannot take policies an IdleTimeout',
    ],
    [
      'WrappingFactory',
      make(WrappingFactory, factory, [IdleTimeout]),
      'give an instance: new IdleTimeout(…)',
    ],
    ['TrafficLog', make(TrafficLog), 'Cannot take write undefined for TrafficLog'],
    ['LimitAcceptRate', make(LimitAcceptRate, undefined, { perSecond: 5 }), 'Cannot take time undefined'],
    ['LimitAcceptRate', make(LimitAcceptRate, unused), 'Cannot take rate undefined'],
    ['LimitAcceptRate', make(LimitAcceptRate, unused, 5), 'Cannot take rate 5'],
    ['Throttle', make(Throttle), 'Cannot take options undefined for Throttle'],
    ['ProtocolTimeout', make(ProtocolTimeout, unused), 'Cannot take timedOut undefined'],
    ['LogPublisher', make(LogPublisher, {}), 'Cannot take reactor undefined'],
    ['LogPublisher', make(LogPublisher, { reactor: unused, otherwise: 5 }), 'Cannot take otherwise 5'],
    ['textObserver', () => (textObserver as Loose)(), 'Cannot take write undefined'],
    ['jsonLinesObserver', () => (jsonLinesObserver as Loose)('out'), 'Cannot take write "out"'],
    ['consoleObserver', () => (consoleObserver as Loose)(), 'give a console'],
    ['pinoObserver', () => (pinoObserver as Loose)({}), 'give a pino logger'],
    ['standardIO', () => createReactor().standardIO(Echo as never), 'give new Echo()'],
    ['connectSSL', () => unused.connectSSL('localhost', 443, factory, null as never), 'Cannot take tls null'],
  ])('%s refuses a wrong argument', (_what, call, message) => {
    expect(call).toThrow(message)
  })

  test.each<[string, () => unknown, string]>([
    ['listenSSL', () => (unused.listenSSL as Loose).call(unused, 0, factory), 'Cannot take tls undefined'],
    [
      'a policy',
      () => unused.listenTCP(0, factory, { policies: [IdleTimeout as never] }),
      'give an instance: new IdleTimeout(…)',
    ],
    ['a policy', () => unused.listenTCP(0, factory, { policies: [{}] }), 'Cannot take policies[0] an Object'],
    [
      'a policy',
      () => unused.listenTCP(0, factory, { policies: [{ admits: 5 as never }] }),
      'admits or accepted',
    ],
    ['serverTLSFromFiles', () => (serverTLSFromFiles as Loose)(unused), 'Cannot take files undefined'],
    [
      'serverTLSFromFiles',
      () => serverTLSFromFiles(unused, { keyFile: 'key' } as never),
      'Cannot take certFile undefined for serverTLSFromFiles',
    ],
    [
      'serverTLSFromFiles',
      () => serverTLSFromFiles(unused, { certFil: 'cert', keyFile: 'key' } as never),
      'did you mean certFile?',
    ],
    [
      'serverTLSFromFiles',
      () => serverTLSFromFiles(unused, { certFile: 'cert', keyFile: 'key', signal: {} as never }),
      'Cannot take signal',
    ],
    ['connectProtocol', () => (connectProtocol as Loose)(), 'Cannot take endpoint undefined'],
    ['connectProtocol', () => connectProtocol(endpoint, Echo as never), 'give new Echo()'],
  ])('%s rejects for a wrong argument', async (_what, call, message) => {
    await expect(call()).rejects.toThrow(message)
  })

  test('undefined TLS options count as not given', () => {
    const { cert, key } = server
    expect(unused.connectSSL('localhost', 443, factory, { serverName: undefined }).state).toBe('connecting')
    const tls = new ServerTLS({ cert, key })
    tls.replace({ cert: undefined, key } as never)
    expect(() => tls.replace({ cert: 'none' })).toThrow('Cannot use the certificate')
  })

  test.each([undefined, {}, MultiService])('%o is not a service', async (given) => {
    await expect(new MultiService().addService(given as never)).rejects.toThrow('for addService: give')
    await expect(runServices(given as never, { reactor })).rejects.toThrow('for runServices: give')
  })

  test('interval without a reactor rejects at its first value', async () => {
    const values = (interval as Loose)(1000) as AsyncGenerator
    await expect(values.next()).rejects.toThrow('with a reactor: { reactor }')
  })

  test.each([
    ['a class', class Names extends DatagramProtocol {}, 'give new Names()'],
    ['an object', {}, 'give a DatagramProtocol'],
  ])('listenUDP refuses %s as its protocol', async (_what, given, remedy) => {
    await expect(reactor.listenUDP(0, given as never)).rejects.toThrow(remedy)
    await expect(reactor.listenMulticast(0, given as never)).rejects.toThrow(remedy)
  })
})
