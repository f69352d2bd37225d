import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { ConnectingCancelledError } from '../../src/endpoints.ts'
import {
  ConnectionAborted,
  ConnectionDone,
  Factory,
  NoProtocol,
  type ProtocolEvents,
  tcpAddress,
  type Transport,
  unixAddress,
} from '../../src/index.ts'
import { startFactory } from '../../src/reactor.ts'
import {
  buildProtocol,
  factoryName,
  switchTo,
  neverReady,
  refuseConnection,
  whenReady,
} from '../../src/transport/build-protocol.ts'
import { ForwardingFactory, WrappingFactory } from '../../src/policies.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { OneProtocol } from '../one-protocol.ts'

/** Faults of factories are tested in test/endpoint/one-rule.test.ts, with every endpoint and port. */
describe('buildProtocol', () => {
  const peer = tcpAddress('192.0.2.1', 5000)

  test('returns what the factory has built', () => {
    const [reactor, protocol] = [new MemoryReactor(), new Recorder()]
    expect(buildProtocol(new OneProtocol(protocol), { peer, reactor })).toBe(protocol)
    expect(reactor.logged).toEqual([])
  })

  test('names the address to connect to in its error, and the factory and the peer in the log', () => {
    const reactor = new MemoryReactor()
    const build = (built: unknown): ProtocolEvents | NoProtocol =>
      buildProtocol(new WrappingFactory(new OneProtocol(built as ProtocolEvents), []), {
        peer,
        address: unixAddress('/run/app'),
        reactor,
      })
    for (const [built, what] of [
      [7, '7'],
      ['text', 'text'],
      [true, 'true'],
      [Recorder, 'the class Recorder'],
      [{}, 'Object'],
      [Object.create(null), 'an object'],
    ] as const) {
      const refused = build(built)
      expect(refused).toMatchObject({ name: 'NoProtocol', address: { path: '/run/app' } })
      expect((refused as NoProtocol).cause).toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining(
          `buildProtocol of OneProtocol returned, ${what}: it has no makeConnection`,
        ),
      })
    }
    expect(new Set(reactor.logged.map(({ level, label }) => `${level} ${label}`))).toEqual(
      new Set(['error OneProtocol 192.0.2.1:5000']),
    )
    expect(reactor.logged).toHaveLength(6)
  })
})

describe('refuseConnection', () => {
  test('closes the connection, or aborts it with the error of the factory', () => {
    const [closed, aborted, fault] = [new StringTransport(), new StringTransport(), new Error('a bug')]
    refuseConnection(closed, new NoProtocol(unixAddress(''), 'refused'))
    refuseConnection(aborted, new NoProtocol(unixAddress(''), 'failed', fault))
    expect([closed.disconnecting, closed.aborted, aborted.aborted]).toEqual([true, false, true])
    aborted.reactor.pump()
    expect(aborted.signal.reason).toMatchObject({ cause: fault })
  })
})

describe('factoryName', () => {
  test('is the class name of the innermost wrapped factory, also when factories wrap in a cycle or have no name', () => {
    const circle = new (class Circle extends ForwardingFactory {
      override buildProtocol(): undefined {}
    })(new OneProtocol(new Recorder()))
    Object.assign(circle, { wrappedFactory: circle })
    expect([factoryName(circle), factoryName(Object.create(null) as object)]).toEqual([
      'Circle',
      'A factory without a name',
    ])
  })
})

const address = unixAddress('/run/app')

/** The use by endpoints is tested in test/endpoint/one-rule.test.ts. */
describe('whenReady', () => {
  test('switches a connection to a protocol with the unread bytes, and resolves with the protocol', async () => {
    const transport = StringTransport.connect(new Recorder())
    const next = new Recorder()
    const started = switchTo(transport, next, Buffer.from('unread'))
    expect([await whenReady(started, address), next.text, started.settled]).toEqual([
      next,
      'unread',
      undefined,
    ])
  })

  test('accepts a transport of another class', async () => {
    const calls: unknown[] = []
    const transport = {
      connected: true,
      switchProtocol: (...args: unknown[]) => calls.push(args),
    } as unknown as Transport
    const next = new Recorder()
    expect(await whenReady(switchTo(transport, next), address)).toBe(next)
    expect(calls).toEqual([[next, undefined]])
  })

  test('rejects when the connection was gone before', async () => {
    const transport = StringTransport.connect(new Recorder())
    transport.receiveReset()
    await transport.reactor.settle()
    const gone = whenReady({ protocol: 1, transport, settled: undefined }, address)
    await expect(gone).rejects.toBeInstanceOf(NoProtocol)
  })

  test('neverReady has the thrown error or the reason of the end as its cause, and returns a ConnectError as it is', () => {
    const [done, fault] = [new ConnectionDone(), new Error('a bug')]
    const cancelled = new ConnectingCancelledError(address, 'cancelled')
    expect(neverReady(address, done).cause).toBe(done)
    expect(neverReady(address, new ConnectionAborted(undefined, { cause: fault }))).toMatchObject({
      name: 'NoProtocol',
      cause: fault,
      message:
        'Cannot connect to unix:/run/app: the connection ended before connectionMade had returned: a bug',
    })
    expect(neverReady(address, new ConnectionAborted(undefined, { cause: 7 })).message).toContain(
      'see the cause',
    )
    expect(neverReady(address, new ConnectionAborted(undefined, { cause: cancelled }))).toBe(cancelled)
  })
})

/** Fails to start, synchronously or asynchronously. */
class Failing extends Factory {
  readonly #start: () => void | Promise<void>

  constructor(start: () => void | Promise<void>) {
    super()
    this.#start = start
  }

  override buildProtocol(): Recorder {
    return new Recorder()
  }

  override startFactory(): void | Promise<void> {
    return this.#start()
  }
}

describe('startFactory', () => {
  const fault = new Error('no database')
  const rejecting = (): Promise<never> => Promise.reject(fault)

  test('passes on a thrown error, and logs the rejection of a promise', async () => {
    const reactor = new MemoryReactor()
    const throwing = new Failing(() => {
      throw fault
    })
    expect(() => startFactory(throwing, reactor)).toThrow(fault)
    startFactory(new Failing(rejecting), reactor)
    await reactor.settle()
    expect(reactor.logged.map(({ text, error }) => [text, error])).toEqual([
      ['A factory failed to start', fault],
    ])
  })

  test('causes no unhandled rejection for a port or a connector', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(80, new Failing(rejecting))
    reactor.connectTCP('localhost', 80, new Failing(rejecting))
    await reactor.settle()
    expect(reactor.flushLoggedErrors(Error)).toEqual([fault, fault])
  })
})
