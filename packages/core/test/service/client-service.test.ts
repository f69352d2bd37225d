import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { type ClientEndpoint, TCPClientEndpoint } from '../../src/endpoints.ts'
import { ConnectionRefusedError, Factory, type ListeningPort, NoProtocol } from '../../src/index.ts'
import {
  backoffPolicy,
  ClientService,
  type ClientServiceOptions,
  ServiceStopped,
} from '../../src/services.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Gate } from '../../src/checks/check.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { passTime } from '../pass-time.ts'

/** A server on port 80 that can be started and stopped, and the connections it has had. */
class Server extends Factory<Recorder> {
  readonly reactor = new MemoryReactor()
  readonly accepted: Recorder[] = []
  #port: ListeningPort | undefined

  static async started(): Promise<Server> {
    const server = new Server()
    await server.start()
    return server
  }

  override buildProtocol(): Recorder {
    const recorder = new Recorder()
    this.accepted.push(recorder)
    return recorder
  }

  get last(): Recorder | undefined {
    return this.accepted.at(-1)
  }

  async start(): Promise<void> {
    this.#port = await this.reactor.listenTCP(80, this)
  }

  /** Stops listening, and ends its connections. */
  async stop(): Promise<void> {
    await this.#port?.stopListening()
    this.last?.transport.loseConnection()
    await this.reactor.settle()
  }

  pass(ms: number): Promise<void> {
    return passTime(this.reactor, ms)
  }
}

/** Records when each attempt to connect begins. */
class Client extends Factory<Recorder> {
  readonly attempts: number[] = []
  readonly #reactor: MemoryReactor
  readonly #build: () => Recorder | undefined

  constructor(reactor: MemoryReactor, build: () => Recorder | undefined) {
    super()
    this.#reactor = reactor
    this.#build = build
  }

  override buildProtocol(): Recorder | undefined {
    return this.#build()
  }

  /** Called at the start of each attempt. */
  override startFactory(): void {
    this.attempts.push(this.#reactor.now())
  }
}

interface Setup extends Partial<ClientServiceOptions<Recorder>> {
  readonly build?: () => Recorder | undefined
}

/** A service with waits of 1 500 ms, 2 250 ms, 3 375 ms… unless its options differ. */
function clientOf(
  { reactor }: Server,
  { build = () => new Recorder(), ...options }: Setup = {},
): { service: ClientService<Recorder>; attempts: readonly number[] } {
  const factory = new Client(reactor, build)
  const endpoint = new TCPClientEndpoint(reactor, 'server', 80)
  const retryPolicy = backoffPolicy({ jitterMs: 0 })
  const service = new ClientService(endpoint, factory, { reactor, retryPolicy, ...options })
  return { service, attempts: factory.attempts }
}

/** The timers and connections that a stopped service has left. */
function left({ reactor }: Server): unknown[] {
  return [reactor.connections.size, reactor.getDelayedCalls()]
}

const NOTHING = [0, []]

describe('ClientService', () => {
  test('resolves every wait with its connection, before the start and after', async () => {
    const server = await Server.started()
    const { service } = clientOf(server)
    const early = service.whenConnected()
    expect(service.running).toBe(false)
    await service.startService()
    const late = service.whenConnected()
    await server.reactor.settle()
    const protocol = await early
    expect([service.running, protocol.connected]).toEqual([true, true])
    expect([await late, await service.whenConnected()]).toEqual([protocol, protocol])
    protocol.transport.write('hello')
    await server.reactor.settle()
    expect(server.last?.text).toBe('hello')
    const stopped = service.stopService()
    await server.pass(0)
    await stopped
    expect(left(server)).toEqual(NOTHING)
  })

  test('reconnects to a server that is stopped and started again, after growing waits', async () => {
    const server = await Server.started()
    const { service, attempts } = clientOf(server)
    await service.startService()
    await server.pass(0)
    const first = await service.whenConnected()
    await server.stop()
    const waiting = service.whenConnected()
    await server.pass(8000)
    expect([first.lost, attempts]).toEqual([true, [0, 1500, 3750, 7125]])
    await server.start()
    await server.pass(6000)
    expect(attempts.slice(4)).toEqual([12_187.5])
    const second = await waiting
    expect([second === first, second.connected, server.accepted.length]).toEqual([false, true, 2])
    await server.pass(4000)
    await server.stop()
    await server.pass(2000)
    expect(attempts.slice(5)).toEqual([19_500])
    expect(server.reactor.logged.map(({ level, fields }) => [level, fields])).toEqual([
      ['info', { why: 'Connection was closed cleanly', delayMs: 1500 }],
      ...[2250, 3375, 5063].map((delayMs) => [
        'info',
        { why: expect.stringContaining('server:80'), delayMs },
      ]),
      ['info', { why: 'Connection was closed cleanly', delayMs: 1500 }],
      ['info', { why: expect.stringContaining('server:80'), delayMs: 2250 }],
    ])
    await service.stopService()
    expect(left(server)).toEqual(NOTHING)
  })

  test('waits longer each time when the connection ends before it is made', async () => {
    const server = await Server.started()
    class Dying extends Recorder {
      override connectionMade(): void {
        this.transport.abortConnection()
      }
    }
    const { service, attempts } = clientOf(server, { build: () => new Dying() })
    await service.startService()
    const failed = service.whenConnected({ failAfterFailures: 2 })
    await server.pass(8000)
    expect(attempts).toEqual([0, 1500, 3750, 7125])
    await expect(failed).rejects.toMatchObject({ name: 'NoProtocol', cause: { name: 'ConnectionAborted' } })
    await service.stopService()
    expect(left(server)).toEqual(NOTHING)
  })

  test('waits longer each time when the server closes a connection at once', async () => {
    const server = await Server.started()
    const { service, attempts } = clientOf(server)
    await service.startService()
    for (const waitMs of [1500, 2250, 3375, 5062.5]) {
      await server.pass(0)
      server.last?.transport.loseConnection()
      await server.pass(waitMs)
    }
    expect(attempts).toEqual([0, 1500, 3750, 7125, 12_187.5])
    await Promise.all([service.stopService(), server.pass(0)])
  })

  test.each([
    ['as long as the wait before it, or longer', 1500, 1500],
    ['less than the wait before it', 1499, 2250],
  ])('waits correctly after a connection that lived %s', async (_how, livedMs, waitMs) => {
    const server = await Server.started()
    const { service, attempts } = clientOf(server)
    await service.startService()
    await server.pass(0)
    server.last?.transport.loseConnection()
    await server.pass(1500 + livedMs)
    server.last?.transport.loseConnection()
    await server.pass(waitMs)
    expect(attempts).toEqual([0, 1500, 1500 + livedMs + waitMs])
    await Promise.all([service.stopService(), server.pass(0)])
  })

  test.each([
    [10_000, 1],
    [9999, 2],
  ])(
    'counts a connection that lived %i ms so that the next failure is number %i, however long the wait before it',
    async (livedMs, next) => {
      const [server, failures] = [await Server.started(), [] as number[]]
      const retryPolicy = (count: number): number => {
        failures.push(count)
        return 60_000
      }
      const { service } = clientOf(server, { retryPolicy })
      await service.startService()
      await server.pass(0)
      server.last?.transport.loseConnection()
      await server.pass(60_000 + livedMs)
      server.last?.transport.loseConnection()
      await server.pass(0)
      expect(failures).toEqual([1, next])
      await Promise.all([service.stopService(), server.pass(0)])
    },
  )

  test('does not resolve with a connection that its transport has lost already', async () => {
    const server = await Server.started()
    const { service } = clientOf(server)
    await service.startService()
    await server.pass(0)
    const first = await service.whenConnected()
    first.transport.abortConnection()
    server.reactor.pump()
    const next = service.whenConnected()
    await server.pass(1500)
    expect((await next).connected).toBe(true)
    expect([first.lost, server.accepted.length]).toEqual([true, 2])
  })

  test('causes no unhandled rejection when it is stopped and no code awaits its connection', async () => {
    const server = new Server()
    const { service } = clientOf(server)
    await service.startService()
    void service.whenConnected().then(() => expect.unreachable())
    const awaited = service.whenConnected()
    await service.stopService()
    void service.whenConnected()
    await expect(awaited).rejects.toBeInstanceOf(ServiceStopped)
    await new Promise((resolve) => setImmediate(resolve))
    expect(left(server)).toEqual(NOTHING)
  })

  test('follows its connection by the transport, whichever protocol is current', async () => {
    const server = await Server.started()
    const { service, attempts } = clientOf(server)
    await service.startService()
    await server.pass(0)
    const [first, next] = [await service.whenConnected(), new Recorder()]
    first.transport.switchProtocol(next)
    await server.pass(0)
    expect(await service.whenConnected()).toBe(first)
    await server.stop()
    await server.pass(1500)
    expect([next.lost, first.lost, attempts]).toEqual([true, false, [0, 1500]])
  })

  test('counts a factory that refuses its connection as a failed attempt', async () => {
    const server = await Server.started()
    const { service, attempts } = clientOf(server, { build: () => undefined })
    await service.startService()
    const refused = service.whenConnected({ failAfterFailures: 1 })
    await server.pass(0)
    await expect(refused).rejects.toBeInstanceOf(NoProtocol)
    await server.pass(1500)
    expect(attempts).toEqual([0, 1500])
  })

  test('keeps nothing of earlier connections', async () => {
    const [server, signals] = [await Server.started(), [] as (AbortSignal | undefined)[]]
    const real = new TCPClientEndpoint(server.reactor, 'server', 80)
    const endpoint: ClientEndpoint = {
      connect: (factory, options = {}) => {
        signals.push(options.signal)
        return real.connect(factory, options)
      },
    }
    const options = { reactor: server.reactor, retryPolicy: () => 100 }
    const service = new ClientService(endpoint, Factory.forProtocol(Recorder), options)
    await service.startService()
    for (let connection = 0; connection < 20; connection++) {
      await server.pass(100)
      server.last?.transport.loseConnection()
    }
    await server.pass(100)
    const [signal] = signals
    if (signal === undefined) expect.unreachable()
    expect([signals.length, getEventListeners(signal, 'abort').length]).toEqual([21, 1])
  })

  test('makes one connection when it is started twice', async () => {
    const server = await Server.started()
    const { service, attempts } = clientOf(server)
    await Promise.all([service.startService(), service.startService()])
    await server.pass(0)
    await service.startService()
    await server.pass(0)
    expect(attempts).toEqual([0])
  })

  describe('prepareConnection', () => {
    test('gets the connection before whenConnected resolves with it', async () => {
      const [server, ready, prepared] = [await Server.started(), new Gate(), [] as Recorder[]]
      const prepareConnection = (protocol: Recorder): Promise<void> => {
        prepared.push(protocol)
        return ready.opened
      }
      const { service } = clientOf(server, { prepareConnection })
      await service.startService()
      let settled = false
      const connected = service.whenConnected().finally(() => (settled = true))
      await server.pass(60_000)
      expect([prepared.length, settled]).toEqual([1, false])
      ready.open()
      expect([await connected]).toEqual(prepared)
    })

    test.each([
      ['throws', () => JSON.parse('{')],
      ['rejects', async () => JSON.parse('{')],
    ])(
      'closes the connection when it %s, and counts as a failed attempt',
      async (_how, prepareConnection) => {
        const server = await Server.started()
        const { service, attempts } = clientOf(server, { prepareConnection })
        await service.startService()
        const failed = service.whenConnected({ failAfterFailures: 2 })
        await server.pass(0)
        expect([server.last?.lost, server.reactor.connections.size]).toEqual([true, 0])
        await server.pass(1500)
        await expect(failed).rejects.toBeInstanceOf(SyntaxError)
        await server.pass(2250)
        expect(attempts).toEqual([0, 1500, 3750])
      },
    )

    test('is abandoned when the connection is lost meanwhile; its later result is ignored', async () => {
      const [server, gates] = [await Server.started(), [new Gate(), new Gate(), new Gate()]]
      let prepared = 0
      const { service, attempts } = clientOf(server, { prepareConnection: () => gates[prepared++]?.opened })
      await service.startService()
      let settled = false
      const connected = service.whenConnected().finally(() => (settled = true))
      for (const wait of [1500, 2250]) {
        await server.pass(0)
        server.last?.transport.loseConnection()
        await server.pass(wait)
      }
      expect([prepared, settled, attempts]).toEqual([3, false, [0, 1500, 3750]])
      gates[0]?.open()
      gates[1]?.fail(new Error('too late'))
      await server.pass(0)
      expect(settled).toBe(false)
      gates[2]?.open()
      expect((await connected).connected).toBe(true)
    })
  })

  describe('whenConnected', () => {
    test('waits across failures unless failAfterFailures is given', async () => {
      const server = new Server()
      const { service } = clientOf(server)
      const seen: string[] = []
      const wait = (name: string, failAfterFailures?: number): void => {
        service.whenConnected({ failAfterFailures }).then(
          () => seen.push(`${name} connected`),
          (error: unknown) => seen.push(`${name} ${(error as Error).name}`),
        )
      }
      wait('patient')
      wait('hasty', 1)
      wait('slow', 3)
      await service.startService()
      await server.pass(0)
      expect(seen.splice(0)).toEqual(['hasty ConnectionRefusedError'])
      wait('from now on', 2)
      await server.pass(1500)
      expect(seen).toEqual([])
      await server.pass(2250)
      expect(seen.splice(0)).toEqual(['slow ConnectionRefusedError', 'from now on ConnectionRefusedError'])
      await server.start()
      await server.pass(3375)
      expect(seen).toEqual(['patient connected'])
    })

    test('rejects after the failAfterFailures of the service', async () => {
      const server = new Server()
      const { service } = clientOf(server, { failAfterFailures: 1 })
      await service.startService()
      const refused = service.whenConnected()
      await server.pass(0)
      await expect(refused).rejects.toBeInstanceOf(ConnectionRefusedError)
    })

    test.each([0, Number.NaN])('refuses to fail after %d failures', async (failAfterFailures) => {
      const { service } = clientOf(new Server())
      await expect(service.whenConnected({ failAfterFailures })).rejects.toBeInstanceOf(RangeError)
    })

    test('is cancelled by a signal, which leaves other waits pending', async () => {
      const server = await Server.started()
      const { service } = clientOf(server)
      const [abort, why] = [new AbortController(), new Error('no patience')]
      const given = service.whenConnected({ signal: abort.signal })
      const patient = service.whenConnected({ signal: new AbortController().signal })
      abort.abort(why)
      await expect(given).rejects.toBe(why)
      await expect(service.whenConnected({ signal: abort.signal })).rejects.toBe(why)
      await service.startService()
      await server.pass(0)
      expect((await patient).connected).toBe(true)
    })
  })

  describe('whenStopped', () => {
    test('resolves when the connection is gone after a stop', async () => {
      const server = await Server.started()
      const { service } = clientOf(server)
      let ended = 0
      const wait = (): void => void service.whenStopped().then(() => ended++)
      wait()
      await service.startService()
      await server.pass(0)
      const protocol = await service.whenConnected()
      void service.stopService()
      wait()
      expect([protocol.lost, ended]).toEqual([false, 0])
      await server.pass(0)
      expect([protocol.lost, ended]).toEqual([true, 2])
      await service.whenStopped()
    })

    test('resolves for a service that is stopped before its start', async () => {
      const { service } = clientOf(new Server())
      const stopped = service.whenStopped()
      await service.stopService()
      await expect(stopped).resolves.toBeUndefined()
    })
  })

  describe('stopService', () => {
    test('before any start rejects all waits', async () => {
      const { service } = clientOf(new Server())
      const waiting = service.whenConnected()
      await service.stopService()
      await expect(waiting).rejects.toBeInstanceOf(ServiceStopped)
      await expect(service.whenConnected()).rejects.toBeInstanceOf(ServiceStopped)
    })

    test('at once after the start begins no attempt', async () => {
      const server = await Server.started()
      const { service, attempts } = clientOf(server)
      void service.startService()
      const stopped = service.stopService()
      await server.pass(60_000)
      await stopped
      expect([attempts, ...left(server)]).toEqual([[], ...NOTHING])
    })

    test('while it connects cancels the attempt, and rejects all waits', async () => {
      const server = await Server.started()
      const { service } = clientOf(server)
      await service.startService()
      const refused = service.whenConnected()
      await Promise.resolve()
      const stopped = service.stopService()
      await server.pass(60_000)
      await stopped
      await expect(refused).rejects.toBeInstanceOf(ServiceStopped)
      expect([service.running, server.accepted, ...left(server)]).toEqual([false, [], ...NOTHING])
    })

    test('while it waits for the next attempt leaves no timer, and rejects all waits', async () => {
      const server = new Server()
      const { service, attempts } = clientOf(server)
      await service.startService()
      const refused = service.whenConnected()
      await server.pass(1000)
      expect(server.reactor.getDelayedCalls()).toHaveLength(1)
      await service.stopService()
      await expect(refused).rejects.toBeInstanceOf(ServiceStopped)
      expect(left(server)).toEqual(NOTHING)
      await server.pass(60_000)
      expect(attempts).toEqual([0])
    })

    test('while a connection is prepared closes it', async () => {
      const [server, never] = [await Server.started(), new Gate()]
      const { service } = clientOf(server, { prepareConnection: () => never.opened })
      await service.startService()
      const refused = service.whenConnected()
      await server.pass(0)
      const stopped = service.stopService()
      await server.pass(0)
      await stopped
      await expect(refused).rejects.toBeInstanceOf(ServiceStopped)
      expect([server.last?.lost, ...left(server)]).toEqual([true, ...NOTHING])
    })

    test('while it is connected sends the queued bytes, and resolves when the connection is gone', async () => {
      const server = await Server.started()
      const { service } = clientOf(server)
      await service.startService()
      await server.pass(0)
      const protocol = await service.whenConnected()
      protocol.transport.write('bye')
      const stopped = service.stopService()
      const twice = service.stopService().then(() => protocol.lost)
      expect([protocol.lost, service.running]).toEqual([false, false])
      await expect(service.whenConnected()).rejects.toBeInstanceOf(ServiceStopped)
      await server.pass(0)
      await stopped
      expect([await twice, server.last?.text, ...left(server)]).toEqual([true, 'bye', ...NOTHING])
      await service.stopService()
      expect(server.reactor.logged).toEqual([])
    })

    test('closes a connection that the endpoint made in spite of the abort', async () => {
      const [server, slow] = [await Server.started(), new Gate()]
      const real = new TCPClientEndpoint(server.reactor, 'server', 80)
      const deaf: ClientEndpoint = {
        connect: async (factory) => {
          await slow.opened
          return real.connect(factory)
        },
      }
      const service = new ClientService(deaf, Factory.forProtocol(Recorder), { reactor: server.reactor })
      await service.startService()
      await server.pass(0)
      const stopped = service.stopService().then(() => left(server))
      slow.open()
      await server.pass(0)
      expect([server.last?.lost, ...(await stopped)]).toEqual([true, ...NOTHING])
    })
  })

  describe('startService', () => {
    test('connects again after a stop', async () => {
      const server = await Server.started()
      const { service } = clientOf(server)
      for (let round = 0; round < 2; round++) {
        await service.startService()
        await server.pass(0)
        expect((await service.whenConnected()).connected).toBe(true)
        const stopped = service.stopService()
        await server.pass(0)
        await stopped
      }
      expect([server.accepted.length, ...left(server)]).toEqual([2, ...NOTHING])
    })

    test('waits for the stop that is under way', async () => {
      const server = await Server.started()
      const { service } = clientOf(server)
      await service.startService()
      await server.pass(0)
      const stopped = service.stopService()
      const started = service.startService()
      expect(server.accepted).toHaveLength(1)
      await server.pass(0)
      await Promise.all([stopped, started])
      await server.pass(0)
      expect([server.accepted.map(({ lost }) => lost), service.running]).toEqual([[true, false], true])
    })

    test('is undone by a stop that follows it', async () => {
      const server = await Server.started()
      const { service } = clientOf(server)
      await service.startService()
      await server.pass(0)
      const calls = [service.stopService(), service.startService(), service.stopService()]
      await server.pass(0)
      await Promise.all(calls)
      await server.pass(60_000)
      expect([server.accepted.length, service.running, ...left(server)]).toEqual([1, false, ...NOTHING])
    })
  })

  describe('a retry policy', () => {
    test('is called with the number of failures in a row and the reactor', async () => {
      const [server, asked] = [new Server(), [] as unknown[]]
      const { service, attempts } = clientOf(server, {
        retryPolicy: (failedAttempts, reactor) => {
          asked.push(failedAttempts, reactor === server.reactor)
          return 100
        },
      })
      await service.startService()
      await server.pass(250)
      expect([asked, attempts]).toEqual([
        [1, true, 2, true, 3, true],
        [0, 100, 200],
      ])
    })

    test('is called with the error of the attempt, or with the end of the connection', async () => {
      const [server, errors] = [new Server(), [] as unknown[]]
      const retryPolicy = (_failures: number, _reactor: unknown, error: unknown): number => {
        errors.push(error)
        return 100
      }
      const { service } = clientOf(server, { retryPolicy })
      await service.startService()
      await server.pass(0)
      await server.start()
      await server.pass(100)
      server.last?.transport.loseConnection()
      await server.pass(0)
      expect(errors).toMatchObject([{ name: 'ConnectionRefusedError' }, { name: 'ConnectionDone' }])
      await service.stopService()
    })

    test('that returns undefined ends the attempts, and every wait rejects with the error', async () => {
      const server = new Server()
      const errors: unknown[] = []
      const retryPolicy = (failures: number, _reactor: unknown, error: unknown): number | undefined => {
        errors.push(error)
        return failures < 2 ? 100 : undefined
      }
      const { service, attempts } = clientOf(server, { retryPolicy })
      const waits = [service.whenConnected(), service.whenConnected(), service.whenStopped()]
      const outcomes = Promise.allSettled(waits)
      await service.startService()
      await server.pass(100)
      const [, last] = errors
      expect(last).toBeInstanceOf(ConnectionRefusedError)
      expect(await outcomes).toEqual(waits.map(() => ({ status: 'rejected', reason: last })))
      await expect(service.whenConnected()).rejects.toBe(last)
      await expect(service.whenStopped()).rejects.toBe(last)
      await server.pass(60_000)
      expect([attempts, service.running, ...left(server)]).toEqual([[0, 100], false, ...NOTHING])
      expect(server.reactor.logged.map(({ level, text }) => [level, text])).toEqual([
        ['info', 'Not connected: {why}. Trying again in {delayMs} ms'],
        ['info', 'Not connected: {why}. Not trying again'],
      ])
    })

    test('that returns undefined when the connection is lost makes the waits reject with its end', async () => {
      const server = await Server.started()
      const { service, attempts } = clientOf(server, { retryPolicy: () => undefined })
      await service.startService()
      await server.pass(0)
      const stopped = service.whenStopped()
      stopped.catch(() => undefined)
      server.last?.transport.loseConnection()
      await server.pass(60_000)
      await expect(stopped).rejects.toMatchObject({ name: 'ConnectionDone' })
      await expect(service.whenConnected()).rejects.toMatchObject({ name: 'ConnectionDone' })
      expect(attempts).toEqual([0])
    })

    test('that has ended the attempts lets the service be stopped, and started again', async () => {
      const server = new Server()
      const { service } = clientOf(server, { retryPolicy: () => undefined })
      await service.startService()
      await server.pass(0)
      await server.start()
      await service.startService()
      await server.pass(0)
      expect((await service.whenConnected()).connected).toBe(true)
      await server.stop()
      await service.stopService()
      await service.whenStopped()
      await expect(service.whenConnected()).rejects.toBeInstanceOf(ServiceStopped)
      expect(left(server)).toEqual(NOTHING)
    })

    test('may stop the service itself', async () => {
      const server = new Server()
      const { service } = clientOf(server, {
        retryPolicy: () => {
          void service.stopService()
          return undefined
        },
      })
      await service.startService()
      const [connected, stopped] = [service.whenConnected(), service.whenStopped()]
      await server.pass(0)
      await expect(connected).rejects.toBeInstanceOf(ServiceStopped)
      await stopped
      expect(server.reactor.logged).toEqual([])
    })

    test.each<[string, () => number]>([
      ['throws', () => JSON.parse('{') as number],
      ['returns no number', () => Number.NaN],
      ['returns less than 0', () => -1],
    ])('that %s is logged, and the default policy is used instead', async (_how, retryPolicy) => {
      const server = new Server()
      const { service, attempts } = clientOf(server, { retryPolicy })
      service.setName('feed')
      await service.startService()
      await server.pass(1499)
      expect(attempts).toEqual([0])
      expect(server.reactor.logged).toMatchObject([
        { level: 'error', text: 'A retry policy failed', label: 'feed' },
        { level: 'info', text: 'Not connected: {why}. Trying again in {delayMs} ms', label: 'feed' },
      ])
      await server.pass(1001)
      expect(attempts).toHaveLength(2)
      expect(server.reactor.flushLoggedErrors()).toHaveLength(2)
      await service.stopService()
    })

    test('is backoffPolicy by default, with its jitter', async () => {
      const server = new Server()
      const service = new ClientService(
        new TCPClientEndpoint(server.reactor, 'server', 80),
        Factory.forProtocol(Recorder),
        { reactor: server.reactor },
      )
      await service.startService()
      await server.pass(0)
      const [next] = server.reactor.getDelayedCalls()
      expect(next?.getTime()).toBeGreaterThan(1500)
      expect(next?.getTime()).toBeLessThan(2500)
      await service.stopService()
    })
  })
})
