import { describe, expect, test } from 'vitest'
import {
  ForwardingFactory,
  NoProtocol,
  type ProtocolEvents,
  tcpAddress,
  unixAddress,
  WrappingFactory,
} from '../../src/index.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { buildProtocol, factoryName, refuse } from '../../src/transport/build-protocol.ts'
import { OneProtocol } from '../one-protocol.ts'

/** The faults are in test/endpoint/one-rule.test.ts, over every endpoint and port. */
describe('buildProtocol', () => {
  const peer = tcpAddress('192.0.2.1', 5000)

  test('returns what the factory has built', () => {
    const [reactor, protocol] = [new MemoryReactor(), new Recorder()]
    expect(buildProtocol(new OneProtocol(protocol), { peer, reactor })).toBe(protocol)
    expect(reactor.logged).toEqual([])
  })

  test('names in its error where the connection was to go, and in the log the factory and the peer', () => {
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

describe('refuse', () => {
  test('closes, or aborts with what the factory has failed with', () => {
    const [closed, aborted, fault] = [new StringTransport(), new StringTransport(), new Error('a bug')]
    refuse(closed, new NoProtocol(unixAddress(''), 'refused'))
    refuse(aborted, new NoProtocol(unixAddress(''), 'failed', fault))
    expect([closed.disconnecting, closed.aborted, aborted.aborted]).toEqual([true, false, true])
    aborted.reactor.pump()
    expect(aborted.signal.reason).toMatchObject({ cause: fault })
  })
})

describe('factoryName', () => {
  test('is the name of the factory behind all that stand before it, also when that is none', () => {
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
