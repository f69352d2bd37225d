import * as root from '@ropewalk/core'
import * as endpoints from '@ropewalk/core/endpoints'
import * as log from '@ropewalk/core/log'
import * as policies from '@ropewalk/core/policies'
import * as services from '@ropewalk/core/services'
import * as time from '@ropewalk/core/time'
import { connectedPair, MemoryReactor } from '@ropewalk/core/testing'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'

/** The exports of the entries in question. */
const core = { ...root, ...endpoints, ...log, ...policies, ...services, ...time }

/** The exports without their types, as a JavaScript program sees them. */
type Untyped = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>
type Class = new (...args: readonly unknown[]) => unknown

const functions = core as unknown as Untyped
const made = (name: string, ...args: readonly unknown[]): unknown =>
  new (Reflect.get(core, name) as Class)(...args)

class Silent extends core.Protocol {}
const factory = core.Factory.forProtocol(Silent)
const nothing = (): undefined => undefined

/** A mistake, an attempt that makes it, and a part of the error message, which names the argument. */
const MISTAKES: readonly (readonly [
  what: string,
  attempt: (reactor: MemoryReactor) => unknown,
  names: string,
])[] = [
  ['a delay as a string', (reactor) => reactor.callLater('5' as never, nothing), 'delayMs "5"'],
  ['a missing call', (reactor) => reactor.callLater(5, undefined as never), 'call undefined'],
  ['an interval as a string', (reactor) => made('TimerService', '5', nothing, { reactor }), 'intervalMs "5"'],
  [
    'a TimerService without a call',
    (reactor) => made('TimerService', 5, undefined, { reactor }),
    'call undefined',
  ],
  ['a queue size as a string', () => made('Queue', { size: '5' }), 'size "5"'],
  ['an unknown option of a queue', () => made('Queue', { max: 5 }), 'option "max"'],
  ['a semaphore limit as a string', () => made('Semaphore', '2'), 'limit "2"'],
  ['a semaphore limit that is not a whole number', () => made('Semaphore', 1.5), 'limit 1.5'],
  ['a rate as a string', () => made('Throttle', { readBytesPerSecond: '5' }), 'readBytesPerSecond "5"'],
  ['a rate of 0', () => made('Throttle', { readBytesPerSecond: 0 }), 'give a number, more than 0'],
  ['an idle time of 0', () => made('IdleTimeout', 0), 'give a number of milliseconds, more than 0'],
  ['a recording without a function to write it', () => functions['recordConnection']?.(5), 'write 5'],
  ['a logger without a reactor or log', () => made('Logger', 'shop', {}), 'give { reactor } or { log }'],
  ['a number as the namespace of a logger', (reactor) => made('Logger', 5, { reactor }), 'namespace 5'],
  ['a filter without an observer', () => functions['filtered']?.(5, { level: 'info' }), 'observer 5'],
  ['a filter without its options', () => functions['filtered']?.(nothing), 'filter undefined'],
  [
    'an unknown option of a filter',
    () => functions['filtered']?.(nothing, { level: 'info', name: 5 }),
    '"name"',
  ],
  ['a number as the host of an endpoint', (reactor) => made('HostnameEndpoint', reactor, 5, 80), 'host 5'],
  ['a plain object as a TLS context', () => functions['wrapClientTLS']?.({}, {}), 'context an Object'],
  [
    'an endpoint type without a reactor',
    () => functions['registerEndpointType']?.('x', 'client'),
    'reactor "x"',
  ],
  [
    'a NUL in the path of a port',
    (reactor) => reactor.listenUNIX('/run/a\0b', factory),
    'give a path without NUL',
  ],
  [
    'a NUL in the path of a client',
    (reactor) => reactor.connectUNIX('/run/a\0b', factory),
    'give a path without NUL',
  ],
  [
    'a class as a policy',
    (reactor) => reactor.listenTCP(80, factory, { policies: [core.IdleTimeout as never] }),
    'give an instance: new IdleTimeout(…)',
  ],
  [
    'a policy without methods',
    (reactor) => reactor.listenTCP(80, factory, { policies: [{}] }),
    'policies[0] an Object',
  ],
  [
    'a Node stream as a producer',
    () =>
      connectedPair(new Silent(), new Silent()).server.registerProducer(Readable.from(['a']) as never, true),
    'of a stream of Node, producerFrom(stream)',
  ],
  [
    'a class as the next protocol of a switch',
    () => connectedPair(new Silent(), new Silent()).server.switchProtocol(Silent as never),
    'give new Silent()',
  ],
  [
    'a plain object as the context of startTLS',
    () => connectedPair(new Silent(), new Silent()).server.startTLS({} as never),
    'give a ServerTLS or a ClientTLS',
  ],
  [
    'a string as the source of a pipe',
    () => connectedPair(new Silent(), new Silent()).server.pipeFrom('abc' as never),
    'bytes and strings go to write',
  ],
  ['an app that is not a service', () => functions['runServices']?.({}), 'app an Object'],
  [
    'a child that is not a service',
    () => new core.MultiService().addService({} as never),
    'service an Object',
  ],
  ['a program without main', () => functions['react']?.(), 'main undefined'],
  [
    'a string as the endpoint of a client service',
    (reactor) => made('ClientService', 'tcp:1', factory, { reactor }),
    'endpoint "tcp:1"',
  ],
  [
    'TLS without its options',
    (reactor) => reactor.listenSSL(443, factory, { interface: '::1' } as never),
    'give a ServerTLS, or { cert, key }, before the options',
  ],
  [
    'an unknown option of a client service',
    (reactor) => made('ClientService', endpointOf(reactor), factory, { reactor, retry: 5 }),
    'option "retry" for ClientService: did you mean retryPolicy?',
  ],
  [
    'a wait for a connection with 0 failures',
    (reactor) => serviceOf(reactor).whenConnected({ failAfterFailures: 0 }),
    'failAfterFailures 0',
  ],
]

function endpointOf(reactor: MemoryReactor): endpoints.ClientEndpoint {
  return new core.TCPClientEndpoint(reactor, '127.0.0.1', 1)
}

function serviceOf(
  reactor: MemoryReactor,
  retryPolicy?: services.RetryPolicy,
): services.ClientService<Silent> {
  const policy = retryPolicy === undefined ? {} : { retryPolicy }
  return new core.ClientService(endpointOf(reactor), factory, { reactor, ...policy })
}

describe('a mistaken argument', () => {
  test.each(MISTAKES)('is refused with an error that names it: %s', async (_what, attempt, names) => {
    const attempted = async (): Promise<unknown> => attempt(new MemoryReactor())
    await expect(attempted()).rejects.toThrow(names)
  })

  test.each([['10'], [NaN], [-1], [Infinity], [null]])(
    'a retry policy that returns %o is logged, and the default delay is used',
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
