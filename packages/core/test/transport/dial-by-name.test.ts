import { describe, expect, test } from 'vitest'
import { AllAddressesFailed, ConnectionRefusedError, DNSLookupError } from '../../src/errors.ts'
import { Factory } from '../../src/protocol/factory.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { type Answer, SeveralAddresses } from '../endpoint/several-addresses.ts'
import { OneProtocol } from '../one-protocol.ts'

/** A reactor on which `both.test` has these addresses, with a server at each that answers. */
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
  test('gives every address of a name the whole time, though the next has failed', async () => {
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
  ])('fails to a name with %s', async (_what, answers, errorClass) => {
    const reactor = await reactorWith(answers)
    const failed = reactor.connectTCP('both.test', 80, new OneProtocol(new Recorder())).whenConnected()
    const error = failed.catch((caught: unknown) => caught)
    await pass(reactor, 300)
    expect(await error).toBeInstanceOf(errorClass)
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('shows every failure where all were of one kind', async () => {
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

  test('gives up in the lookup or in the attempts, connects again, and leaves nothing behind', async () => {
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
    expect(reactor.givenUp).toEqual(['192.0.2.1', '::2'])
    for (const error of [await first, await second])
      expect(error).toMatchObject({ name: 'ConnectingCancelledError' })
    reactor.answers.set('192.0.2.1', 0)
    connector.connect()
    await pass(reactor, 20)
    expect(connector.state).toBe('connected')
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('is given up at timeoutMs, the lookup included', async () => {
    const reactor = await reactorWith({ '192.0.2.1': 'never', '::2': 'never' })
    const options = { timeoutMs: 500 }
    const failed = reactor
      .connectTCP('both.test', 80, new OneProtocol(new Recorder()), options)
      .whenConnected()
    const late = failed.catch((caught: unknown) => caught)
    await pass(reactor, 500)
    expect(await late).toMatchObject({ name: 'TimeoutError', address: { host: 'both.test' } })
    expect([reactor.givenUp, reactor.getDelayedCalls()]).toEqual([['192.0.2.1', '::2'], []])
  })

  test('encodes an international name before it is looked up', async () => {
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
