import { describe, expect, test } from 'vitest'
import { ConnectingCancelledError } from '../../src/endpoints.ts'
import {
  CannotListenError,
  ClientFactory,
  ConnectionAborted,
  ConnectionDone,
  type StopOptions,
  tcpAddress,
} from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import { ReactorAlreadyRunning, ReactorNotRunning } from '../../src/reactor.ts'
import { connectedPair, MemoryReactor } from '../../src/testing.ts'
import {
  checkRunOptions,
  DEFAULT_STOP_OPTIONS,
  ReactorLifecycle,
  stopSettings,
  SystemEvents,
} from '../../src/reactor/reactor-lifecycle.ts'
import { Gate } from '../../src/checks/check.ts'
import { HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import { StreamConnector } from '../../src/transport/stream-connector.ts'
import { OneProtocol } from '../one-protocol.ts'

/** A reactor that runs, and has one connection. */
async function runningWith(server: Recorder, client = new Recorder()): Promise<MemoryReactor> {
  const reactor = new MemoryReactor()
  void reactor.run()
  await reactor.listenTCP(80, new OneProtocol(server))
  reactor.connectTCP('127.0.0.1', 80, new OneProtocol(client))
  await reactor.settle()
  return reactor
}

/** Stays connected while the reactor stops, until its peer closes. */
class Patient extends Recorder {
  drain(): Promise<void> {
    return new Promise(() => undefined)
  }
}

/** Reconnects whatever happens. */
class Eager extends ClientFactory<Recorder> {
  readonly built: Recorder[] = []

  override buildProtocol(): Recorder {
    const recorder = new Recorder()
    this.built.push(recorder)
    return recorder
  }
  override clientConnectionFailed(connector: { connect(): void }): void {
    connector.connect()
  }
  override clientConnectionLost(connector: { connect(): void }): void {
    connector.connect()
  }
}

/** A connector whose attempts never end by themselves. */
function unanswered(
  reactor: MemoryReactor,
  factory = new OneProtocol(new Recorder()),
): StreamConnector<Recorder> {
  return new StreamConnector({
    registry: reactor.registry,
    factory,
    address: tcpAddress('192.0.2.1', 80),
    options: { timeoutMs: 60_000 },
    dial: () => ({ cancel: () => undefined }),
  })
}

describe('ReactorLifecycle', () => {
  describe('run and stop', () => {
    test('refuse calls in the wrong state, and can be called again after a stop', async () => {
      const reactor = new MemoryReactor()
      await expect(reactor.stop()).rejects.toBeInstanceOf(ReactorNotRunning)
      for (let round = 0; round < 2; round++) {
        const run = reactor.run()
        expect(reactor.running).toBe(true)
        await expect(reactor.run()).rejects.toBeInstanceOf(ReactorAlreadyRunning)
        await expect(reactor.stop({ drainMs: -1 })).rejects.toThrow('Cannot take drainMs -1 for stop')
        expect([reactor.running, reactor.stopping]).toEqual([true, false])
        const report = await reactor.stop()
        expect(await run).toBe(report)
        expect([reactor.running, reactor.stopping]).toEqual([false, false])
      }
      expect(reactor.logged).toEqual([])
    })

    test('logs the rejection of a stop without a run if it is not awaited', async () => {
      const reactor = new MemoryReactor()
      void reactor.stop()
      void reactor.stop().then(() => expect.unreachable())
      await reactor.settle()
      expect(reactor.flushLoggedErrors().map(String)).toEqual(
        Array.from({ length: 2 }, () => 'ReactorNotRunning: Cannot stop a reactor that is not running'),
      )
    })

    test('return the promise of the current stop, from every callback of it', async () => {
      const [server, client] = [new Recorder(), new Patient()]
      const reactor = await runningWith(
        Object.assign(server, { drain: () => void stops.push(reactor.stop({ drainMs: 1 })) }),
        client,
      )
      const stops: Promise<unknown>[] = []
      const stopAgain = (): Promise<unknown> => {
        stops.push(reactor.stop())
        return reactor.stop()
      }
      for (const phase of ['before', 'during', 'after'] as const)
        reactor.addSystemEventTrigger(phase, 'shutdown', stopAgain)
      reactor.addSystemEventTrigger('before', 'shutdown', () => void stopAgain())
      const stop = reactor.stop()
      expect([reactor.stop(), reactor.stopping]).toEqual([stop, true])
      await reactor.settle()
      const report = await stop
      expect(stops).toHaveLength(5)
      expect(new Set(await Promise.all(stops))).toEqual(new Set([report]))
      expect(report.completed).toHaveLength(2)
    })

    test('continue after triggerMs without a trigger that hangs', async () => {
      const reactor = await runningWith(new Recorder())
      reactor.addSystemEventTrigger('before', 'shutdown', function saveAll() {
        return new Promise(() => undefined)
      })
      const stop = reactor.stop({ triggerMs: 5000 })
      await reactor.settle()
      reactor.advance(4999)
      await reactor.settle()
      expect([reactor.connections.size, reactor.logged]).toEqual([2, []])
      reactor.advance(1)
      await reactor.settle()
      await stop
      expect(reactor.logged[0]).toMatchObject({
        level: 'error',
        label: 'saveAll',
        fields: { triggerMs: 5000 },
      })
      expect(reactor.getDelayedCalls()).toEqual([])
    })

    test('continue as before for delayMs, while stopping is true', async () => {
      const [early, late] = [new Recorder(), new Recorder()]
      const reactor = await runningWith(early)
      await reactor.listenTCP(81, new OneProtocol(late))
      const ran: string[] = []
      reactor.addSystemEventTrigger('before', 'shutdown', () => ran.push('before'))
      const stop = reactor.stop({ delayMs: 3000 })
      await reactor.settle()
      reactor.callWhenRunning(() => ran.push('running'))
      reactor.advance(2999)
      reactor.connectTCP('server', 81, new OneProtocol(new Recorder()))
      await reactor.settle()
      expect([late.made, early.lost, reactor.stopping, ran]).toEqual([true, false, true, ['running']])
      reactor.advance(1)
      await reactor.settle()
      await stop
      expect([early.lost, late.lost, ran]).toEqual([true, true, ['running', 'before']])
    })

    test('use the options of run, overridden by those of stop', async () => {
      const [server, reactor] = [new Patient(), new MemoryReactor()]
      const run = reactor.run({ stop: { drainMs: 70, delayMs: 50 } })
      await reactor.listenTCP(80, new OneProtocol(server))
      reactor.connectTCP('127.0.0.1', 80, new OneProtocol(new Patient()))
      await reactor.settle()
      void reactor.stop({ delayMs: 20 })
      await reactor.settle()
      reactor.advance(20)
      await reactor.settle()
      reactor.advance(69)
      expect(server.lost).toBe(false)
      reactor.advance(1)
      expect((await run).aborted).toHaveLength(2)
    })

    test('run the triggers of start and stop, and cancel delayed calls', async () => {
      const reactor = new MemoryReactor()
      const ran: string[] = []
      reactor.addSystemEventTrigger('after', 'startup', () => ran.push('startup'))
      const removed = reactor.addSystemEventTrigger('before', 'shutdown', () => ran.push('removed'))
      reactor.addSystemEventTrigger('before', 'shutdown', () => ran.push('shutdown'))
      reactor.removeSystemEventTrigger(removed)
      const run = reactor.run()
      await reactor.settle()
      expect(ran).toEqual(['startup'])
      reactor.callLater(1000, () => ran.push('too late'))
      await reactor.stop()
      await run
      expect([ran, reactor.getDelayedCalls()]).toEqual([['startup', 'shutdown'], []])
    })

    test('skip the rest of a startup that is stopped', async () => {
      const reactor = new MemoryReactor()
      const [ran, slow] = [[] as string[], new Gate()]
      reactor.addSystemEventTrigger('before', 'startup', () => slow.opened)
      reactor.addSystemEventTrigger('after', 'startup', () => ran.push('after startup'))
      reactor.callWhenRunning(() => ran.push('running'))
      const run = reactor.run()
      await reactor.stop()
      slow.open()
      await run
      await reactor.settle()
      expect(ran).toEqual([])
    })
  })

  test('a stop ends a run with a startup that hangs, and does not affect the next run', async () => {
    const reactor = new MemoryReactor()
    const [ran, slow] = [[] as string[], new Gate()]
    const hanging = reactor.addSystemEventTrigger('before', 'startup', () => slow.opened)
    reactor.addSystemEventTrigger('after', 'startup', () => ran.push('after startup'))
    const run = reactor.run()
    await reactor.stop()
    expect(await run).toEqual({ completed: [], aborted: [] })
    reactor.removeSystemEventTrigger(hanging)
    const second = reactor.run()
    await reactor.settle()
    slow.open()
    await reactor.settle()
    expect(ran).toEqual(['after startup'])
    await reactor.stop()
    await second
  })

  describe('callWhenRunning', () => {
    test('waits for the startup, or calls at once', async () => {
      const reactor = new MemoryReactor()
      const ran: string[] = []
      reactor.callWhenRunning(() => ran.push('first'))
      reactor.callWhenRunning(() => ran.push('second'))
      void reactor.run()
      await reactor.settle()
      reactor.callWhenRunning(() => ran.push('at once'))
      expect(ran).toEqual(['first', 'second', 'at once'])
      await reactor.stop()
      expect(ran).toHaveLength(3)
    })

    test('logs what a call throws or rejects with', async () => {
      const reactor = new MemoryReactor()
      const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
      reactor.callWhenRunning(() => {
        throw thrown
      })
      reactor.callWhenRunning(() => Promise.reject(rejected))
      void reactor.run()
      await reactor.settle()
      expect(reactor.logged.map(({ error }) => error)).toEqual([thrown, rejected])
      await reactor.stop()
    })
  })

  describe('a stop with connections', () => {
    test('flushes and closes a protocol that has no drain', async () => {
      const [server, client] = [new Recorder(), new Patient()]
      const reactor = await runningWith(server, client)
      server.transport.write('last bytes')
      const stop = reactor.stop()
      await reactor.settle()
      await stop
      expect(client.text).toBe('last bytes')
      expect([server.reason, client.reason].every((reason) => reason instanceof ConnectionDone)).toBe(true)
    })

    test('lets triggers before the shutdown still write', async () => {
      const [server, client] = [new Recorder(), new Patient()]
      const reactor = await runningWith(server, client)
      const written = new Gate()
      reactor.addSystemEventTrigger('before', 'shutdown', async () => {
        server.transport.write('we are closing')
        await written.opened
        server.transport.write(' now')
      })
      const stop = reactor.stop()
      await reactor.settle()
      expect([client.text, client.lost]).toEqual(['we are closing', false])
      written.open()
      await reactor.settle()
      await stop
      expect([client.text, client.lost]).toEqual(['we are closing now', true])
    })

    test('waits for the promise of drain, then closes', async () => {
      const done = new Gate()
      const [server, client] = [
        new (class extends Recorder {
          drain(): Promise<void> {
            return done.opened
          }
        })(),
        new Patient(),
      ]
      const reactor = await runningWith(server, client)
      const stop = reactor.stop()
      await reactor.settle()
      server.transport.write('the end of the response')
      await reactor.settle()
      expect([server.lost, client.text]).toEqual([false, 'the end of the response'])
      done.open()
      await reactor.settle()
      await stop
      expect(server.reason).toBeInstanceOf(ConnectionDone)
    })

    test.each([
      ['nothing', (): void => undefined],
      ['no promise', (): number => 1],
      ['a resolved promise', (): Promise<void> => Promise.resolve()],
    ])('closes a protocol at once when its drain returns %s', async (_what, drain) => {
      const server = Object.assign(new Recorder(), { drain })
      const reactor = await runningWith(server, new Patient())
      server.transport.write('last bytes')
      const stop = reactor.stop()
      await reactor.settle()
      expect(server.reason).toBeInstanceOf(ConnectionDone)
      await stop
    })

    test('aborts connections that have not finished after drainMs', async () => {
      const server = new (class extends Recorder {
        drain(): Promise<void> {
          return new Promise(() => undefined)
        }
      })()
      const reactor = await runningWith(server, new Patient())
      const stop = reactor.stop({ drainMs: 500 })
      await reactor.settle()
      reactor.advance(499)
      expect(server.lost).toBe(false)
      reactor.advance(1)
      await stop
      expect(server.reason).toBeInstanceOf(ConnectionAborted)
      expect(reactor.connections.size).toBe(0)
    })

    test.each([
      [
        'throws',
        (): never => {
          throw new Error('undrained')
        },
      ],
      ['rejects', (): Promise<never> => Promise.reject(new Error('undrained'))],
    ])('logs the error and aborts the connection when drain %s', async (_way, drain) => {
      const server = Object.assign(new Recorder(), { drain })
      const reactor = await runningWith(server)
      const stop = reactor.stop()
      await reactor.settle()
      await stop
      expect(server.reason).toBeInstanceOf(ConnectionAborted)
      expect(reactor.logged.map(({ error }) => String(error))).toEqual(['Error: undrained'])
    })

    test('drains a protocol that becomes current during the stop', async () => {
      const [done, nextDone] = [new Gate(), new Gate()]
      const next = Object.assign(new Recorder(), { drain: () => nextDone.opened })
      const server = Object.assign(new Recorder(), { drain: () => done.opened })
      const reactor = await runningWith(server, new Patient())
      const stop = reactor.stop()
      await reactor.settle()
      server.transport.switchProtocol(next)
      done.open()
      await reactor.settle()
      expect(next.events).toEqual(['made'])
      nextDone.open()
      await reactor.settle()
      await stop
      expect(next.reason).toBeInstanceOf(ConnectionDone)
    })
  })

  describe('a stop with attempts to connect', () => {
    test('cancels every attempt that runs', async () => {
      const reactor = new MemoryReactor()
      const server = new Recorder()
      void reactor.run()
      await reactor.settle()
      await reactor.listenTCP(80, new OneProtocol(server))
      const attempt = reactor.connectTCP('127.0.0.1', 80, new OneProtocol(new Recorder())).whenConnected()
      const stop = reactor.stop()
      await expect(attempt).rejects.toBeInstanceOf(ConnectingCancelledError)
      await reactor.settle()
      await stop
      expect(server.made).toBe(false)
    })

    test('does not let a factory reconnect', async () => {
      const [reactor, eager] = [new MemoryReactor(), new Eager()]
      void reactor.run()
      await reactor.listenTCP(80, new OneProtocol(new Recorder()))
      reactor.connectTCP('127.0.0.1', 80, eager)
      await reactor.settle()
      const attempting = reactor.connectTCP('127.0.0.1', 80, eager)
      const stop = reactor.stop()
      await reactor.settle()
      await stop
      await reactor.settle()
      expect([eager.built.length, attempting.state, eager.numPorts]).toEqual([1, 'disconnected', 0])
      expect(reactor.connections.size).toBe(0)
    })

    test('lets a draining protocol make a connection until the deadline', async () => {
      const server = new (class extends Recorder {
        drain(): Promise<void> {
          connector.connect()
          return new Promise(() => undefined)
        }
      })()
      const reactor = await runningWith(server, new Patient())
      const connector = unanswered(reactor)
      const stop = reactor.stop({ drainMs: 500 })
      await reactor.settle()
      reactor.advance(499)
      const attempt = connector.whenConnected()
      expect([server.lost, connector.state]).toEqual([false, 'connecting'])
      reactor.advance(1)
      await stop
      expect([server.reason?.name, connector.state]).toEqual(['ConnectionAborted', 'disconnected'])
      await expect(attempt).rejects.toBeInstanceOf(ConnectingCancelledError)
      connector.connect()
      expect(connector.state).toBe('connecting')
      connector.stopConnecting()
    })

    test('waits for an attempt that a closed protocol has started', async () => {
      const server = new (class extends Recorder {
        drain(): void {
          connector.connect()
        }
      })()
      const reactor = await runningWith(server)
      const connector = unanswered(reactor)
      const stopped: string[] = []
      const stop = reactor.stop().then(() => stopped.push('stopped'))
      await reactor.settle()
      expect([server.lost, stopped]).toEqual([true, []])
      connector.stopConnecting()
      await stop
      expect(stopped).toEqual(['stopped'])
    })

    test('cancels an attempt that begins after the deadline', async () => {
      const failures: string[] = []
      class Persistent extends OneProtocol<Recorder> {
        override clientConnectionFailed(_connector: unknown, reason: Error): void {
          failures.push(reason.name)
          if (failures.length === 1) unanswered(reactor, this).connect()
        }
      }
      const server = new (class extends Recorder {
        drain(): Promise<void> {
          unanswered(reactor, new Persistent(new Recorder())).connect()
          return new Promise(() => undefined)
        }
      })()
      const reactor = await runningWith(server, new Patient())
      const stop = reactor.stop({ drainMs: 10 })
      await reactor.settle()
      reactor.advance(10)
      await stop
      expect(failures).toEqual(['ConnectingCancelledError', 'ConnectingCancelledError'])
    })

    test('refuses to listen during a stop', async () => {
      const reactor = await runningWith(new Patient(), new Patient())
      const stop = reactor.stop({ drainMs: 10 })
      await reactor.settle()
      await expect(reactor.listenTCP(81, new OneProtocol(new Recorder()))).rejects.toBeInstanceOf(
        CannotListenError,
      )
      reactor.advance(10)
      await stop
    })
  })

  test('closes every port, and uses the drainMs of each stop', async () => {
    const [server, client] = [new Patient(), new Patient()]
    const reactor = await runningWith(new Recorder())
    const stop = reactor.stop({ drainMs: 1 })
    await reactor.settle()
    await stop
    void reactor.run()
    await reactor.listenTCP(80, new OneProtocol(server))
    reactor.connectTCP('127.0.0.1', 80, new OneProtocol(client))
    await reactor.settle()
    const again = reactor.stop({ drainMs: 1000 })
    await reactor.settle()
    reactor.advance(999)
    expect(server.lost).toBe(false)
    reactor.advance(1)
    await again
  })

  test('stops listening before it drains, and numbers connections from 1', async () => {
    const [server, client] = [new Recorder(), new Recorder()]
    const reactor = await runningWith(server, client)
    expect([server.transport.id, client.transport.id]).toEqual([1, 2])
    const stop = reactor.stop()
    const refused = reactor.connectTCP('127.0.0.1', 80, new OneProtocol(new Recorder())).whenConnected()
    await expect(refused).rejects.toHaveProperty('name', 'ConnectingCancelledError')
    await reactor.settle()
    await stop
  })

  test('reports the connections that completed and that were aborted, also after a protocol switch', async () => {
    const reactor = new MemoryReactor()
    const finishing = new (class Finishing extends Recorder {
      async drain(): Promise<void> {
        await new Promise<void>((resolve) => void reactor.callLater(100, resolve))
      }
    })()
    const stubborn = new (class Stubborn extends HalfCloseRecorder {
      drain(): Promise<void> {
        return new Promise(() => undefined)
      }
    })()
    const running = reactor.run()
    await reactor.settle()
    const pairs = [new Recorder(), new Recorder()].map((server) =>
      connectedPair(server, new Recorder(), { reactor }),
    )
    pairs[0]?.server.switchProtocol(finishing)
    pairs[1]?.server.switchProtocol(stubborn)
    const stopping = reactor.stop({ drainMs: 1000 })
    await reactor.settle()
    reactor.advance(100)
    await reactor.settle()
    reactor.advance(900)
    await reactor.settle()
    const report = await stopping
    await running
    expect(report.completed).toContain('Finishing 1 127.0.0.1:50000')
    expect(report.aborted).toContain('Stubborn 3 127.0.0.1:50000')
    expect(report.completed.length + report.aborted.length).toBe(4)
  })

  test('has capacity up to its limits, and again after a connection has closed', () => {
    const reactor = new MemoryReactor()
    const { turn } = reactor.registry
    const edges = { reactor, turn, started: () => undefined, stopped: () => undefined }
    const registry = new ReactorLifecycle({ ...edges, maxConnections: 2, maxWaiting: 2 })
    connectedPair(new Recorder(), new Recorder(), { reactor })
    const connections = Array.from(reactor.registry.registered)
    const seen: boolean[] = []
    for (const connection of connections) {
      seen.push(registry.hasCapacity)
      registry.connectionOpened(connection)
    }
    expect([...seen, registry.hasCapacity]).toEqual([true, true, false])
    registry.connectionClosed(connections[1]!)
    expect(registry.hasCapacity).toBe(true)
    const waits: boolean[] = []
    for (const by of [1, 1, -1] as const) {
      waits.push(registry.hasWaitingCapacity)
      registry.waitingChanged(by)
    }
    expect([...waits, registry.hasWaitingCapacity]).toEqual([true, true, false, true])
  })
})

describe('SystemEvents', () => {
  const make = (): { events: SystemEvents; logged: LogEvent[]; ran: string[] } => {
    const logged: LogEvent[] = []
    return { events: new SystemEvents((event) => logged.push(event)), logged, ran: [] }
  }

  test('runs before, during and after, each in the order of registration', async () => {
    const { events, ran } = make()
    for (const phase of ['after', 'during', 'before'] as const) {
      events.add(phase, 'startup', () => ran.push(`${phase} 1`))
      events.add(phase, 'shutdown', () => ran.push('never'))
      events.add(phase, 'startup', () => ran.push(`${phase} 2`))
    }
    await events.fire('startup')
    expect(ran).toEqual(['before 1', 'before 2', 'during 1', 'during 2', 'after 1', 'after 2'])
  })

  test('waits for the promises of one phase before the next', async () => {
    const { events, ran } = make()
    const [slow, slower] = [new Gate(), new Gate()]
    events.add('before', 'shutdown', () => slow.opened)
    events.add('before', 'shutdown', () => slower.opened)
    events.add('during', 'shutdown', () => ran.push('during'))
    const fired = events.fire('shutdown')
    slow.open()
    await slow.opened
    expect(ran).toEqual([])
    slower.open()
    await fired
    expect(ran).toEqual(['during'])
  })

  test('logs a trigger that throws or rejects, and runs the others', async () => {
    const { events, logged, ran } = make()
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
    events.add('before', 'startup', () => {
      throw thrown
    })
    events.add('before', 'startup', () => Promise.reject(rejected))
    events.add('before', 'startup', () => ran.push('same phase'))
    events.add('after', 'startup', () => ran.push('next phase'))
    await events.fire('startup')
    expect(ran).toEqual(['same phase', 'next phase'])
    expect(logged.map(({ error }) => error)).toEqual([thrown, rejected])
    expect(logged[0]?.text).toBe('A trigger before startup failed')
  })

  test('runs a trigger every time, until it is removed', async () => {
    const { events, ran } = make()
    const id = events.add('before', 'startup', () => ran.push('ran'))
    await events.fire('startup')
    await events.fire('startup')
    events.remove(id)
    events.remove(id)
    await events.fire('startup')
    expect(ran).toEqual(['ran', 'ran'])
  })

  test('refuses a phase, an event or a call that does not exist', () => {
    const { events } = make()
    const add = events.add.bind(events) as (...args: unknown[]) => unknown
    const refused: readonly (readonly [unknown[], string])[] = [
      [['soon', 'shutdown', () => 1], `Cannot take phase "soon" for addSystemEventTrigger`],
      [['before', 'stop', () => 1], `Cannot take event "stop" for addSystemEventTrigger`],
      [['before', 'shutdown', 'stop'], `Cannot take call "stop" for addSystemEventTrigger`],
    ]
    for (const [args, why] of refused) expect(() => add(...args)).toThrow(why)
  })

  test('waits at most triggerMs for each trigger of a phase', async () => {
    const { events, logged, ran } = make()
    const [reactor, except, slow] = [new MemoryReactor(), Promise.resolve(), new Gate()]
    events.add('before', 'shutdown', () => slow.opened)
    events.add('before', 'shutdown', function hanging() {
      return new Promise(() => undefined)
    })
    const fired = events.firePhase('before', 'shutdown', { reactor, triggerMs: 100, except })
    void fired.then(() => ran.push('over'))
    slow.open()
    await reactor.settle()
    reactor.advance(99)
    await reactor.settle()
    expect([ran, logged]).toEqual([[], []])
    reactor.advance(1)
    await fired
    expect(logged).toMatchObject([{ level: 'error', label: 'hanging', fields: { triggerMs: 100 } }])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('does not wait for a trigger that returns the promise of the current stop', async () => {
    const { events } = make()
    const [reactor, except] = [new MemoryReactor(), new Promise(() => undefined)]
    events.add('before', 'shutdown', () => except)
    await events.firePhase('before', 'shutdown', { reactor, triggerMs: 100, except })
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('skips phases that are no longer wanted', async () => {
    const { events, ran } = make()
    let wanted = true
    events.add('before', 'startup', () => {
      ran.push('before')
      wanted = false
    })
    events.add('during', 'startup', () => ran.push('during'))
    await events.fire('startup', () => wanted)
    expect(ran).toEqual(['before'])
  })
})

const NAMES = ['delayMs', 'triggerMs', 'drainOverMs', 'drainMs'] as const
const BAD: readonly (readonly [unknown, ErrorConstructor])[] = [
  [Number.NaN, RangeError],
  [-1, RangeError],
  [Infinity, RangeError],
  ['5000', TypeError],
  [null, TypeError],
]

describe('stopSettings', () => {
  test('prefers the options of stop to those of run, and those to the defaults', () => {
    expect(stopSettings({}, undefined)).toEqual(DEFAULT_STOP_OPTIONS)
    expect(stopSettings({ drainMs: 1 }, { drainMs: 2, delayMs: 3 })).toEqual({
      ...DEFAULT_STOP_OPTIONS,
      drainMs: 1,
      delayMs: 3,
    })
    expect(stopSettings(Object.fromEntries(NAMES.map((name) => [name, 0])), undefined)).toEqual(
      Object.fromEntries(NAMES.map((name) => [name, 0])),
    )
  })

  test.each(NAMES)('refuses a %s that is not a number of milliseconds', (name) => {
    for (const [value, kind] of BAD) {
      const given = { [name]: value } as StopOptions
      expect(() => stopSettings(given, undefined)).toThrow(kind)
      expect(() => stopSettings(given, undefined)).toThrow(`Cannot take ${name} `)
      expect(() => checkRunOptions({ stop: given })).toThrow(`Cannot take ${name} `)
    }
  })
})

describe('checkRunOptions', () => {
  test('refuses an unknown option by name, at either level', () => {
    const misspelt = { installSignalHandler: false } as object
    expect(() => checkRunOptions(misspelt)).toThrow('did you mean installSignalHandlers?')
    expect(() => checkRunOptions({ stop: { drainMS: 1 } as object })).toThrow('did you mean drainMs?')
    expect(() => checkRunOptions({ installSignalHandlers: 'no' } as object)).toThrow('give true or false')
  })
})
