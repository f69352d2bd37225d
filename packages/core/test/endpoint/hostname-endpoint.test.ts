import { describe, expect, test } from 'vitest'
import { ConnectionRace } from '../../src/endpoint/hostname-endpoint.ts'
import {
  AllAddressesFailed,
  ConnectingCancelledError,
  HostnameEndpoint,
  InvalidAddressError,
} from '../../src/endpoints.ts'
import { ConnectionRefusedError, DNSLookupError, Factory, NoProtocol, tcpAddress } from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { TimeoutError } from '../../src/time.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { type Answer, SeveralAddresses } from './several-addresses.ts'

/** Counts the protocols that it builds. */
class Counting extends OneProtocol<Recorder> {
  built = 0

  override buildProtocol(): Recorder {
    this.built++
    return super.buildProtocol()
  }
}

describe('HostnameEndpoint', () => {
  /** A reactor on which `both.test` has these addresses, with a server that sends a greeting. */
  const make = async (answers: Readonly<Record<string, Answer>>): Promise<SeveralAddresses> => {
    const reactor = new SeveralAddresses()
    for (const [host, answer] of Object.entries(answers)) reactor.answers.set(host, answer)
    reactor.names.set('both.test', Object.keys(answers))
    class Greeter extends Recorder {
      override makeConnection(transport: Recorder['transport']): void {
        void super.makeConnection(transport)
        transport.write('hello')
      }
    }
    await reactor.listenTCP(80, Factory.forProtocol(Greeter))
    return reactor
  }

  const pass = async (reactor: MemoryReactor, ms: number): Promise<void> => {
    await reactor.settle()
    for (let passed = 0; passed < ms; passed += 10) {
      reactor.advance(10)
      await reactor.settle()
    }
  }

  test('tries the families alternately, each when the previous attempt takes too long; the first connection wins', async () => {
    const reactor = await make({ '2001:db8::1': 'never', '2001:db8::2': 'never', '192.0.2.1': 100 })
    const factory = new Counting(new Recorder())
    const connecting = new HostnameEndpoint(reactor, 'both.test', 80).connect(factory)
    await pass(reactor, 400)
    const protocol = await connecting
    expect(reactor.tried).toEqual(['2001:db8::1 at 0', '192.0.2.1 at 250'])
    expect(reactor.cancelled).toEqual(['2001:db8::1'])
    expect([protocol.text, factory.built, reactor.getDelayedCalls()]).toEqual(['hello', 1, []])
  })

  test('tries the next address at once when an attempt fails', async () => {
    const reactor = await make({ '192.0.2.1': { refusedAfterMs: 20 }, '192.0.2.2': 20 })
    const connecting = new HostnameEndpoint(reactor, 'both.test', 80).connect(new Counting(new Recorder()))
    await pass(reactor, 60)
    expect((await connecting).made).toBe(true)
    expect(reactor.tried).toEqual(['192.0.2.1 at 0', '192.0.2.2 at 20'])
  })

  test('keeps one connection when two are made in the same turn', async () => {
    const reactor = await make({ '192.0.2.1': 300, '192.0.2.2': 50 })
    const factory = new Counting(new Recorder())
    const connecting = new HostnameEndpoint(reactor, 'both.test', 80).connect(factory)
    await pass(reactor, 400)
    const protocol = await connecting
    expect([factory.built, protocol.transport.connected, reactor.connections.size]).toEqual([1, true, 2])
    protocol.transport.loseConnection()
    await pass(reactor, 10)
    expect(reactor.connections.size).toBe(0)
  })

  test('fails with every failure when all addresses fail', async () => {
    const reactor = await make({ '192.0.2.1': { refusedAfterMs: 5 }, '192.0.2.2': { refusedAfterMs: 5 } })
    const failed = new HostnameEndpoint(reactor, 'both.test', 80).connect(new Counting(new Recorder()))
    const error = failed.catch((caught: unknown) => caught)
    await pass(reactor, 50)
    const why = await error
    expect(why).toBeInstanceOf(AllAddressesFailed)
    expect(why).toMatchObject({
      address: { host: 'both.test', port: 80 },
      cause: expect.any(AggregateError),
      errors: [{ address: { host: '192.0.2.1' } }, { address: { host: '192.0.2.2' } }],
    })
    expect(String(why)).toBe(
      'AllAddressesFailed: Cannot connect to both.test:80: none of its 2 addresses works ' +
        '(Cannot connect to 192.0.2.1:80: no program listens there; Cannot connect to 192.0.2.2:80: no program listens there)',
    )
  })

  test('fails with the error of the only address', async () => {
    const reactor = await make({ '192.0.2.1': { refusedAfterMs: 5 } })
    const failed = new HostnameEndpoint(reactor, 'both.test', 80).connect(new Counting(new Recorder()))
    const refused = failed.catch((caught: unknown) => caught)
    await pass(reactor, 10)
    expect(await refused).toBeInstanceOf(ConnectionRefusedError)
  })

  test('cancels everything at its deadline, and leaves nothing behind', async () => {
    const reactor = await make({ '192.0.2.1': 'never', '192.0.2.2': 'never' })
    const options = { timeoutMs: 500, attemptDelayMs: 100 }
    const failed = new HostnameEndpoint(reactor, 'both.test', 80, options).connect(
      new Counting(new Recorder()),
    )
    const late = failed.catch((caught: unknown) => caught)
    await pass(reactor, 500)
    expect(await late).toBeInstanceOf(TimeoutError)
    expect(reactor.tried).toEqual(['192.0.2.1 at 0', '192.0.2.2 at 100'])
    expect(reactor.cancelled).toEqual(['192.0.2.1', '192.0.2.2'])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('gives an attempt all of a deadline that is longer than that of a connector', async () => {
    const reactor = await make({ '192.0.2.1': 'never' })
    reactor.names.set('one.test', ['192.0.2.1'])
    const endpoint = new HostnameEndpoint(reactor, 'one.test', 80, { timeoutMs: 90_000 })
    const settled: unknown[] = []
    const late = endpoint.connect(new Counting(new Recorder())).catch((error: unknown) => settled.push(error))
    await pass(reactor, 89_000)
    expect(settled).toEqual([])
    await pass(reactor, 1000)
    await late
    expect(settled).toMatchObject([{ name: 'TimeoutError' }])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('cancels everything when its signal is aborted, at any time', async () => {
    const reactor = await make({ '192.0.2.1': 'never' })
    const endpoint = new HostnameEndpoint(reactor, 'both.test', 80)
    const abort = new AbortController()
    const cancelled = endpoint.connect(new Counting(new Recorder()), { signal: abort.signal })
    const rejected = cancelled.catch((caught: unknown) => caught)
    await pass(reactor, 100)
    abort.abort()
    expect(await rejected).toBeInstanceOf(ConnectingCancelledError)
    const already = endpoint.connect(new Counting(new Recorder()), { signal: AbortSignal.abort() })
    await expect(already).rejects.toBeInstanceOf(ConnectingCancelledError)
    expect([reactor.cancelled, reactor.getDelayedCalls()]).toEqual([['192.0.2.1'], []])
  })

  test('fails when the name has no address', async () => {
    const reactor = new MemoryReactor()
    reactor.names.set('empty.test', [])
    for (const name of ['empty.test', 'unknown.test']) {
      const failed = new HostnameEndpoint(reactor, name, 80).connect(new Counting(new Recorder()))
      await expect(failed).rejects.toBeInstanceOf(DNSLookupError)
    }
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('rejects when the factory refuses the connection', async () => {
    const reactor = await make({ '192.0.2.1': 0, '192.0.2.2': 0 })
    class Refusing extends Factory {
      override buildProtocol(): undefined {}
    }
    const failed = new HostnameEndpoint(reactor, 'both.test', 80).connect(new Refusing())
    const refused = failed.catch((caught: unknown) => caught)
    await pass(reactor, 20)
    expect(await refused).toBeInstanceOf(NoProtocol)
    expect(reactor.connections.size).toBe(0)
  })

  test.each(['timeoutMs', 'signal'])('settles by %s when its lookup never settles', async (by) => {
    class Deaf extends MemoryReactor {
      override lookup(): Promise<readonly string[]> {
        return new Promise(() => undefined)
      }
    }
    const [reactor, abort] = [new Deaf(), new AbortController()]
    const factory = new Counting(new Recorder())
    const endpoint = new HostnameEndpoint(reactor, 'deaf.test', 80, { timeoutMs: 500 })
    const failed = endpoint.connect(factory, { signal: abort.signal })
    const error = failed.catch((caught: unknown) => caught)
    if (by === 'signal') abort.abort()
    await pass(reactor, 500)
    expect(await error).toBeInstanceOf(by === 'signal' ? ConnectingCancelledError : TimeoutError)
    expect([factory.built, reactor.getDelayedCalls()]).toEqual([0, []])
  })

  test('rejects with DNSLookupError for any error of its lookup', async () => {
    class Broken extends MemoryReactor {
      override lookup(): Promise<readonly string[]> {
        throw new TypeError('no resolver')
      }
    }
    const failed = new HostnameEndpoint(new Broken(), 'a.test', 80).connect(new Counting(new Recorder()))
    const error = await failed.catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(DNSLookupError)
    expect(error).toMatchObject({ message: 'Cannot connect to a.test:80: its lookup failed: no resolver' })
  })

  test('encodes an international name', async () => {
    const reactor = await make({ '192.0.2.1': 0 })
    reactor.names.set('xn--bcher-kva.example', ['192.0.2.1'])
    const connecting = new HostnameEndpoint(reactor, 'bücher.example', 80).connect(
      new Counting(new Recorder()),
    )
    await pass(reactor, 20)
    expect((await connecting).made).toBe(true)
    expect(() => new HostnameEndpoint(reactor, 'bü cher.example', 80)).toThrow(InvalidAddressError)
  })

  test('refuses an impossible host name', () => {
    expect(() => new HostnameEndpoint(new MemoryReactor(), 'a b', 80)).toThrow(InvalidAddressError)
  })
})

describe('ConnectionRace', () => {
  test('does not run with an aborted signal', async () => {
    const reactor = new SeveralAddresses()
    const address = tcpAddress('both.test', 80)
    const race = new ConnectionRace(
      { reactor, port: 80, attemptDelayMs: 250, options: {}, address },
      new OneProtocol(new Recorder()),
    )
    const why = new Error('too late')
    await expect(race.run(['192.0.2.1'], AbortSignal.abort(why))).rejects.toBe(why)
    expect(reactor.tried).toEqual([])
  })

  test('starts and stops the factory for each connection, and applies its policies to each attempt', async () => {
    const reactor = new SeveralAddresses()
    const accepted: number[] = []
    class Policed extends OneProtocol<Recorder> {
      readonly policies = [
        {
          accepted: (transport: { readonly id: number }): undefined => {
            accepted.push(transport.id)
          },
        },
      ]
    }
    reactor.answers.set('192.0.2.1', { refusedAfterMs: 0 }).set('192.0.2.2', 0)
    await reactor.listenTCP(80, new OneProtocol(new Recorder()))
    const factory = new Policed(new Recorder())
    const address = tcpAddress('both.test', 80)
    const race = new ConnectionRace({ reactor, port: 80, attemptDelayMs: 250, options: {}, address }, factory)
    const winning = race.run(['192.0.2.1', '192.0.2.2'], new AbortController().signal)
    for (let turns = 0; turns < 5; turns++) {
      reactor.advance(1)
      await reactor.settle()
    }
    const protocol = await winning
    expect([accepted.length, factory.numPorts]).toEqual([1, 1])
    protocol.transport.abortConnection()
    await reactor.settle()
    expect(factory.numPorts).toBe(0)
  })
})
