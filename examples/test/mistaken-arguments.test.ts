import * as core from '@ropewalk/core'
import { connectedPair, MemoryReactor } from '@ropewalk/core/testing'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'

/** Everything as JavaScript sees it: no type keeps a caller from a mistake. */
type Untyped = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>
type Class = new (...args: readonly unknown[]) => unknown

const functions = core as unknown as Untyped
const made = (name: string, ...args: readonly unknown[]): unknown =>
  new (Reflect.get(core, name) as Class)(...args)

class Silent extends core.Protocol {}
const factory = core.Factory.forProtocol(Silent)
const nothing = (): undefined => undefined

/** What is done wrong, and the argument that the error names. */
const MISTAKES: readonly (readonly [
  what: string,
  attempt: (reactor: MemoryReactor) => unknown,
  names: string,
])[] = [
  ['a time that is text', (reactor) => reactor.callLater('5' as never, nothing), 'delayMs "5"'],
  ['a call that is forgotten', (reactor) => reactor.callLater(5, undefined as never), 'call undefined'],
  [
    'an interval that is text',
    (reactor) => made('TimerService', '5', nothing, { reactor }),
    'intervalMs "5"',
  ],
  [
    'a service without a call',
    (reactor) => made('TimerService', 5, undefined, { reactor }),
    'call undefined',
  ],
  ['a queue bounded by text', () => made('Queue', { size: '5' }), 'size "5"'],
  ['a queue with another option', () => made('Queue', { max: 5 }), 'option "max"'],
  ['a semaphore of text', () => made('Semaphore', '2'), 'limit "2"'],
  ['a semaphore of half', () => made('Semaphore', 1.5), 'limit 1.5'],
  ['a rate that is text', () => made('Throttle', { readBytesPerSecond: '5' }), 'readBytesPerSecond "5"'],
  ['a rate of 0', () => made('Throttle', { readBytesPerSecond: 0 }), 'give a number, more than 0'],
  ['an idle time of 0', () => made('IdleTimeout', 0), 'give a number of milliseconds, more than 0'],
  ['a record that goes nowhere', () => functions['recordConnection']?.(5), 'write 5'],
  ['a logger without a target', () => made('Logger', 'shop', {}), 'give { reactor } or { log }'],
  ['a logger of a number', (reactor) => made('Logger', 5, { reactor }), 'namespace 5'],
  ['a filter of nothing', () => functions['filtered']?.(5, { level: 'info' }), 'observer 5'],
  ['a filter by nothing', () => functions['filtered']?.(nothing), 'filter undefined'],
  [
    'a filter with another option',
    () => functions['filtered']?.(nothing, { level: 'info', name: 5 }),
    '"name"',
  ],
  ['an endpoint of a number', (reactor) => made('HostnameEndpoint', reactor, 5, 80), 'host 5'],
  ['TLS over nothing', () => functions['wrapClientTLS']?.({}, {}), 'context an Object'],
  ['an endpoint type of nothing', () => functions['registerEndpointType']?.('x', 'client'), 'reactor "x"'],
  ['a path with NUL', (reactor) => reactor.listenUNIX('/run/a\0b', factory), 'give a path without NUL'],
  ['a path with NUL', (reactor) => reactor.connectUNIX('/run/a\0b', factory), 'give a path without NUL'],
  [
    'a policy as a class',
    (reactor) => reactor.listenTCP(80, factory, { policies: [core.IdleTimeout as never] }),
    'give an instance: new IdleTimeout(…)',
  ],
  [
    'a policy without a method',
    (reactor) => reactor.listenTCP(80, factory, { policies: [{}] }),
    'policies[0] an Object',
  ],
  [
    'a stream of Node as a producer',
    () =>
      connectedPair(new Silent(), new Silent()).server.registerProducer(Readable.from(['a']) as never, true),
    'of a stream of Node, producerFrom(stream)',
  ],
  [
    'a class to switch to',
    () => connectedPair(new Silent(), new Silent()).server.switchProtocol(Silent as never),
    'give new Silent()',
  ],
  [
    'TLS by nothing',
    () => connectedPair(new Silent(), new Silent()).server.startTLS({} as never),
    'give a ServerTLS or a ClientTLS',
  ],
  [
    'a pipe from a string',
    () => connectedPair(new Silent(), new Silent()).server.pipeFrom('abc' as never),
    'bytes and strings go to write',
  ],
  ['services that are none', () => functions['runServices']?.({}), 'app an Object'],
  ['a child that is no service', () => new core.MultiService().addService({} as never), 'service an Object'],
  ['a program without main', () => functions['react']?.(), 'main undefined'],
  [
    'a client of a string',
    (reactor) => made('ClientService', 'tcp:1', factory, { reactor }),
    'endpoint "tcp:1"',
  ],
  [
    'TLS without its options',
    (reactor) => reactor.listenSSL(443, factory, { interface: '::1' } as never),
    'give a ServerTLS, or { cert, key }, before the options',
  ],
  [
    'a service with another option',
    (reactor) => made('ClientService', endpointOf(reactor), factory, { reactor, retry: 5 }),
    'option "retry" for ClientService: did you mean retryPolicy?',
  ],
  [
    'a wait for a connection after no failure',
    (reactor) => serviceOf(reactor).whenConnected({ failAfterFailures: 0 }),
    'failAfterFailures 0',
  ],
]

function endpointOf(reactor: MemoryReactor): core.ClientEndpoint {
  return new core.TCPClientEndpoint(reactor, '127.0.0.1', 1)
}

function serviceOf(reactor: MemoryReactor, retryPolicy?: core.RetryPolicy): core.ClientService<Silent> {
  const policy = retryPolicy === undefined ? {} : { retryPolicy }
  return new core.ClientService(endpointOf(reactor), factory, { reactor, ...policy })
}

describe('a mistaken argument', () => {
  test.each(MISTAKES)('is refused by its name: %s', async (_what, attempt, names) => {
    const attempted = async (): Promise<unknown> => attempt(new MemoryReactor())
    await expect(attempted()).rejects.toThrow(names)
  })

  test.each([['10'], [NaN], [-1], [Infinity], [undefined]])(
    'a retry policy that returns %o is logged, and the usual wait kept instead of a storm',
    async (result) => {
      const reactor = new MemoryReactor()
      const service = serviceOf(reactor, () => result as number)
      await service.startService()
      await reactor.settle()
      const attempts = (): number =>
        reactor.logged.filter(({ text }) => text.startsWith('Not connected')).length
      const before = attempts()
      reactor.advance(100)
      await reactor.settle()
      expect(attempts()).toBe(before)
      expect(reactor.flushLoggedErrors().map(String).join()).toContain('the result of retryPolicy')
      await service.stopService()
    },
  )
})
