import { describe, expect, test } from 'vitest'
import { AllAddressesFailed } from '../../src/endpoints.ts'
import { ConnectionRefusedError, DNSLookupError, Factory, tcpAddress } from '../../src/index.ts'
import type { DialEvents } from '../../src/reactor.ts'
import { Clock } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { addressesOfName, AddressRace, isNumericHost } from '../../src/transport/dial-by-name.ts'
import { type Answer, SeveralAddresses } from '../endpoint/several-addresses.ts'
import { OneProtocol } from '../one-protocol.ts'

/** A reactor on which `both.test` has these addresses, with a server at each that accepts. */
async function reactorWith(answers: Readonly<Record<string, Answer>>): Promise<SeveralAddresses> {
  const reactor = new SeveralAddresses()
  for (const [host, answer] of Object.entries(answers)) reactor.answers.set(host, answer)
  reactor.names.set('both.test', Object.keys(answers))
  await reactor.listenTCP(80, Factory.forProtocol(Recorder))
  return reactor
}

async function pass(reactor: SeveralAddresses, ms: number): Promise<void> {
  await reactor.settle()
  for (let passed = 0; passed < ms; passed += 10) {
    reactor.advance(10)
    await reactor.settle()
  }
}

describe('dialByName', () => {
  test('lets every attempt run until the timeout, also after another attempt has failed', async () => {
    const reactor = await reactorWith({ '192.0.2.1': 20_000, '::2': { refusedAfterMs: 5 } })
    const connector = reactor.connectTCP('both.test', 80, new OneProtocol(new Recorder()))
    await pass(reactor, 20_010)
    expect(connector.state).toBe('connected')
    expect(reactor.tried).toEqual(['192.0.2.1 at 0', '::2 at 250'])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test.each<[string, Readonly<Record<string, Answer>>, unknown]>([
    ['no address', {}, DNSLookupError],
    ['an address that refuses', { '192.0.2.1': { refusedAfterMs: 5 } }, ConnectionRefusedError],
    [
      'addresses that all refuse',
      { '192.0.2.1': { refusedAfterMs: 5 }, '::2': { refusedAfterMs: 5 } },
      ConnectionRefusedError,
    ],
    [
      'addresses that fail in different ways',
      { '192.0.2.1': { refusedAfterMs: 5 }, '::2': { failsAfterMs: 5 } },
      AllAddressesFailed,
    ],
  ])('rejects for a name with %s', async (_what, answers, errorClass) => {
    const reactor = await reactorWith(answers)
    const failed = reactor.connectTCP('both.test', 80, new OneProtocol(new Recorder())).whenConnected()
    const error = failed.catch((caught: unknown) => caught)
    await pass(reactor, 300)
    expect(await error).toBeInstanceOf(errorClass)
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('lists every failure when all have the same error class', async () => {
    const reactor = await reactorWith({ '192.0.2.1': { refusedAfterMs: 5 }, '::2': { refusedAfterMs: 5 } })
    const failed = reactor.connectTCP('both.test', 80, new OneProtocol(new Recorder())).whenConnected()
    const error = failed.catch((caught: unknown) => caught)
    await pass(reactor, 300)
    expect(await error).toMatchObject({
      name: 'ConnectionRefusedError',
      message:
        'Cannot connect to both.test:80: none of its 2 addresses works ' +
        '(Cannot connect to 192.0.2.1:80: no program listens there; Cannot connect to [::2]:80: no program listens there)',
      cause: { errors: [{ address: { host: '192.0.2.1' } }, { address: { host: '::2' } }] },
    })
  })

  test('can be cancelled during the lookup and during the attempts, and can connect again', async () => {
    const reactor = await reactorWith({ '192.0.2.1': 'never', '::2': 'never' })
    const connector = reactor.connectTCP('both.test', 80, new OneProtocol(new Recorder()))
    const first = connector.whenConnected().catch((caught: unknown) => caught)
    connector.stopConnecting()
    await pass(reactor, 300)
    expect([reactor.tried, connector.state]).toEqual([[], 'disconnected'])
    connector.connect()
    const second = connector.whenConnected().catch((caught: unknown) => caught)
    await pass(reactor, 300)
    connector.disconnect()
    expect(reactor.tried).toEqual(['192.0.2.1 at 300', '::2 at 550'])
    expect(reactor.cancelled).toEqual(['192.0.2.1', '::2'])
    for (const error of [await first, await second])
      expect(error).toMatchObject({ name: 'ConnectingCancelledError' })
    reactor.answers.set('192.0.2.1', 0)
    connector.connect()
    await pass(reactor, 20)
    expect(connector.state).toBe('connected')
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('fails with a TimeoutError after timeoutMs, which includes the lookup', async () => {
    const reactor = await reactorWith({ '192.0.2.1': 'never', '::2': 'never' })
    const options = { timeoutMs: 500 }
    const failed = reactor
      .connectTCP('both.test', 80, new OneProtocol(new Recorder()), options)
      .whenConnected()
    const late = failed.catch((caught: unknown) => caught)
    await pass(reactor, 500)
    expect(await late).toMatchObject({ name: 'TimeoutError', address: { host: 'both.test' } })
    expect([reactor.cancelled, reactor.getDelayedCalls()]).toEqual([['192.0.2.1', '::2'], []])
  })

  test('encodes an internationalized name before the lookup', async () => {
    const reactor = await reactorWith({ '192.0.2.1': 0 })
    reactor.names.set('bücher.example', ['192.0.2.1'])
    const connector = reactor.connectTCP('Bücher.example', 80, new OneProtocol(new Recorder()))
    await pass(reactor, 20)
    expect([connector.state, connector.getDestination()]).toMatchObject([
      'connected',
      { host: 'xn--bcher-kva.example' },
    ])
    expect(await reactor.lookup('xn--bcher-kva.example')).toEqual(['192.0.2.1'])
  })
})

describe('AddressRace', () => {
  interface Ran {
    readonly clock: Clock
    readonly seen: string[]
    readonly attempts: Map<string, DialEvents<string>>
    readonly race: AddressRace<string>
  }

  const run = (
    hosts: readonly string[],
    during?: (host: string, events: DialEvents<string>) => void,
  ): Ran => {
    const [clock, seen, attempts] = [new Clock(), [] as string[], new Map<string, DialEvents<string>>()]
    const race = new AddressRace<string>(
      {
        time: clock,
        attemptDelayMs: 250,
        dial: (host, events) => {
          seen.push(`${host} at ${clock.now()}`)
          attempts.set(host, events)
          during?.(host, events)
          return { cancel: () => seen.push(`${host} cancelled`) }
        },
      },
      hosts,
      {
        won: (connection) => seen.push(`won by ${connection}`),
        allFailed: (errors) => seen.push(`lost: ${errors.map(({ message }) => message).join(', ')}`),
      },
    )
    race.begin()
    return { clock, seen, attempts, race }
  }

  test('tries the next address in parallel after the delay, and keeps the first connection that is up', () => {
    const { clock, seen, attempts } = run(['a', 'b', 'c'])
    clock.advance(249)
    expect(seen).toEqual(['a at 0'])
    clock.advance(1)
    attempts.get('a')?.connected('a')
    expect(seen).toEqual(['a at 0', 'b at 250', 'b cancelled', 'won by a'])
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('lets a slow address win after all others have failed', () => {
    const { clock, seen, attempts } = run(['a', 'b'])
    clock.advance(250)
    attempts.get('b')?.failed(new Error('b refused'))
    clock.advance(20_000)
    attempts.get('a')?.connected('a')
    expect(seen).toEqual(['a at 0', 'b at 250', 'won by a'])
  })

  test('tries the next address at once when one fails, and loses with the errors in their order', () => {
    const { clock, seen, attempts } = run(['a', 'b', 'c'])
    clock.advance(100)
    attempts.get('a')?.failed(new Error('a'))
    attempts.get('b')?.failed(new Error('b'))
    attempts.get('c')?.failed(new Error('c'))
    expect(seen).toEqual(['a at 0', 'b at 100', 'c at 100', 'lost: a, b, c'])
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('accepts an outcome that an attempt throws or notifies synchronously', () => {
    const thrown = run(['a', 'b'], (host, events) => {
      if (host === 'a') throw new Error('nonsense')
      events.connected(host)
    })
    expect([thrown.seen, thrown.clock.getDelayedCalls()]).toEqual([['a at 0', 'b at 0', 'won by b'], []])
    const failing = run(['a', 'b'], (host, events) => events.failed(new Error(host)))
    expect([failing.seen, failing.clock.getDelayedCalls()]).toEqual([['a at 0', 'b at 0', 'lost: a, b'], []])
  })

  test('ends once and ignores later and repeated outcomes', () => {
    const { seen, attempts, clock } = run(['a', 'b'])
    clock.advance(250)
    attempts.get('a')?.connected('a')
    attempts.get('a')?.failed(new Error('a'))
    attempts.get('b')?.connected('b')
    attempts.get('b')?.failed(new Error('b'))
    expect(seen.filter((what) => /won|lost/.test(what))).toEqual(['won by a'])
  })

  test('cancels all attempts when it is cancelled, and notifies nothing', () => {
    const { clock, seen, attempts, race } = run(['a', 'b', 'c'])
    clock.advance(250)
    race.cancel()
    race.cancel()
    attempts.get('a')?.connected('a')
    attempts.get('b')?.failed(new Error('b'))
    clock.advance(1000)
    expect(seen).toEqual(['a at 0', 'b at 250', 'a cancelled', 'b cancelled'])
    expect(clock.getDelayedCalls()).toEqual([])
  })
})

describe('addressesOfName', () => {
  const address = tcpAddress('name.test', 80)
  const never = new AbortController().signal
  const find = (lookup: () => unknown, signal = never, bindAddress?: string): Promise<readonly string[]> =>
    addressesOfName({ lookup: lookup as () => Promise<readonly string[]> }, address, signal, bindAddress)

  test('returns the addresses of both families alternately, each once', async () => {
    const found = ['2001:db8::1', '2001:db8::2', '192.0.2.1', '2001:db8::1', '192.0.2.2', '192.0.2.3']
    expect(await find(() => found)).toEqual([
      '2001:db8::1',
      '192.0.2.1',
      '2001:db8::2',
      '192.0.2.2',
      '192.0.2.3',
    ])
    expect(await find(async () => ['192.0.2.1', '2001:db8::1'])).toEqual(['192.0.2.1', '2001:db8::1'])
  })

  test('returns only addresses of the family of the local address', async () => {
    const found = (): string[] => ['2001:db8::1', '192.0.2.1']
    expect(await find(found, never, '192.0.2.7')).toEqual(['192.0.2.1'])
    expect(await find(found, never, '2001:db8::7')).toEqual(['2001:db8::1'])
    await expect(find(() => ['192.0.2.1'], never, '::1')).rejects.toThrow(
      'Cannot connect to name.test:80: the name has no address of the family of ::1',
    )
  })

  const coded = (code: string): Error => Object.assign(new Error(`${code} of the system`), { code })
  test.each<[string, () => unknown, string]>([
    ['throws', thrower(new Error('broken')), 'its lookup failed: broken'],
    ['throws a value that is not an Error', thrower('broken'), 'its lookup failed: broken'],
    ['knows no such name', thrower(coded('ENOTFOUND')), 'the name has no address'],
    ['gets no response', thrower(coded('EAI_AGAIN')), 'the name service did not respond'],
    [
      'throws a DNSLookupError',
      thrower(new DNSLookupError(tcpAddress('name.test', 0), 'no luck')),
      'no luck',
    ],
    ['finds nothing', () => [], 'the name has no address'],
    [
      'returns a value that is not a list',
      () => '192.0.2.1',
      'its lookup returned "192.0.2.1": return a list of numeric addresses',
    ],
    ['returns nothing', () => undefined, 'its lookup returned undefined: return a list of numeric addresses'],
    [
      'returns names',
      () => ['other.test'],
      'its lookup returned "other.test": return a list of numeric addresses',
    ],
    [
      'returns objects',
      () => [{}],
      'its lookup returned [object Object]: return a list of numeric addresses',
    ],
  ])('rejects with DNSLookupError for the name and port when the lookup %s', async (_what, lookup, why) => {
    const error = await find(lookup).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(DNSLookupError)
    expect(error).toMatchObject({ message: `Cannot connect to name.test:80: ${why}`, address })
  })

  test('rejects with the reason of its signal, even if the lookup never settles', async () => {
    const stop = new AbortController()
    const pending = find(() => new Promise(() => undefined), stop.signal)
    const why = new Error('too late')
    stop.abort(why)
    await expect(pending).rejects.toBe(why)
    await expect(find(() => [], stop.signal)).rejects.toBe(why)
  })
})

test('isNumericHost distinguishes addresses from names', () => {
  expect(['127.0.0.1', '::1', 'fe80::1%eth0'].map(isNumericHost)).toEqual([true, true, true])
  expect(['localhost', '127.1', '1.2.3.4.example', ''].map(isNumericHost)).toEqual([
    false,
    false,
    false,
    false,
  ])
})

function thrower(what: unknown): () => never {
  return () => {
    throw what
  }
}
