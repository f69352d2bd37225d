import { afterEach, describe, expect, test, vi } from 'vitest'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { ConnectionAborted, ConnectionDone, createReactor, DNSLookupError, Factory } from '../../src/index.ts'
import { type LogEvent, logToStderr } from '../../src/log.ts'
import { lookupName, ProcessSignals } from '../../src/node/node-reactor.ts'
import { LogRecorder } from '../../src/testing.ts'
import { OneProtocol } from '../one-protocol.ts'
import { runProgram } from './run-program.ts'
import { pathOf, portOf, quiet, socketPath, until } from './socket-harness.ts'

const LOOPBACK = { interface: '127.0.0.1' }
const NO_SIGNALS = { installSignalHandlers: false }

describe('createReactor', () => {
  const logged: LogEvent[] = []
  const make = (): ReturnType<typeof createReactor> => createReactor({ log: (event) => logged.push(event) })

  afterEach(() => {
    logged.length = 0
  })

  test('makes reactors that are independent of each other', async () => {
    const [one, other] = [make(), make()]
    const run = one.run(NO_SIGNALS)
    one.callLater(100_000, () => undefined)
    expect([one.running, other.running, other.getDelayedCalls()]).toEqual([true, false, []])
    await one.stop()
    await run
    expect(one.getDelayedCalls()).toEqual([])
  })

  test('calls the lookup option for every name', async () => {
    const asked: string[] = []
    const reactor = createReactor({
      log: (event) => logged.push(event),
      async lookup(host) {
        asked.push(host)
        return host === 'here.test' ? ['127.0.0.1'] : []
      },
    })
    const port = await reactor.listenTCP(0, new OneProtocol(new Recorder()), LOOPBACK)
    const client = await reactor
      .connectTCP('here.test', portOf(port), new OneProtocol(new Recorder()))
      .whenConnected()
    const nowhere = reactor.connectTCP('nowhere.test', portOf(port), new OneProtocol(new Recorder()))
    await expect(nowhere.whenConnected()).rejects.toMatchObject({
      name: 'DNSLookupError',
      address: { host: 'nowhere.test' },
    })
    expect(await reactor.lookup('here.test')).toEqual(['127.0.0.1'])
    expect(asked).toEqual(['here.test', 'nowhere.test', 'here.test'])
    client.transport.abortConnection()
    await until(() => client.lost)
    await port.stopListening()
  })

  test('runs, stops, and runs again', async () => {
    const reactor = make()
    for (let round = 0; round < 2; round++) {
      const run = reactor.run(NO_SIGNALS)
      const server = new Recorder()
      const port = await reactor.listenTCP(0, new OneProtocol(server), LOOPBACK)
      const client = await reactor
        .connectTCP('127.0.0.1', portOf(port), new OneProtocol(new Recorder()))
        .whenConnected()
      await until(() => server.made)
      await reactor.stop()
      await run
      expect([server.reason, client.reason].every((reason) => reason instanceof ConnectionDone)).toBe(true)
      expect([...reactor.connections]).toEqual([])
    }
    expect(logged).toEqual([])
  })

  test('accepts before run, and counts its connections', async () => {
    const reactor = make()
    const [server, client] = [new Echo(), new Recorder()]
    const port = await reactor.listenUNIX(socketPath(), new OneProtocol(server))
    reactor.connectUNIX(pathOf(port), new OneProtocol(client))
    await until(() => client.made && server.made)
    expect(Array.from(reactor.connections, ({ id }) => id)).toEqual([1, 2])
    client.transport.abortConnection()
    await port.stopListening()
    await until(() => [...reactor.connections].length === 0)
  })

  test('aborts at drainMs the connections that do not drain, blocked sockets included', async () => {
    const reactor = make()
    const run = reactor.run(NO_SIGNALS)
    const [server, client] = [new Recorder(), new Recorder()]
    const port = await reactor.listenTCP(0, new OneProtocol(server), LOOPBACK)
    reactor.connectTCP(
      '127.0.0.1',
      portOf(port),
      new OneProtocol(Object.assign(client, { drain: () => new Promise<void>(() => undefined) })),
    )
    await until(() => client.made && server.made)
    client.transport.pauseProducing()
    server.transport.write(Buffer.alloc(12_000_000))
    await reactor.stop({ drainMs: 20 })
    await run
    expect(server.reason).toBeInstanceOf(ConnectionAborted)
    expect(client.lost).toBe(true)
  })

  test('ends a connection that was made while it stopped', async () => {
    const reactor = make()
    const run = reactor.run(NO_SIGNALS)
    const port = await reactor.listenTCP(0, new OneProtocol(new Recorder()), LOOPBACK)
    const client = new Recorder()
    const connector = reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client))
    const attempt = connector.whenConnected()
    await Promise.all([
      expect(attempt).rejects.toHaveProperty('name', 'ConnectingCancelledError'),
      reactor.stop(),
      run,
    ])
    await quiet()
    expect([client.made, connector.state, [...reactor.connections]]).toEqual([false, 'disconnected', []])
  })

  test('runs triggers and calls at its start, also those added while it runs', async () => {
    const reactor = make()
    const ran: string[] = []
    const removed = reactor.addSystemEventTrigger('before', 'startup', () => ran.push('removed'))
    reactor.addSystemEventTrigger('before', 'startup', () => ran.push('startup'))
    reactor.removeSystemEventTrigger(removed)
    reactor.callWhenRunning(() => ran.push('running'))
    const run = reactor.run(NO_SIGNALS)
    await until(() => ran.length === 2)
    reactor.callWhenRunning(() => ran.push('at once'))
    expect(ran).toEqual(['startup', 'running', 'at once'])
    expect(Math.abs(reactor.wallClock() - Date.now())).toBeLessThan(1000)
    expect(reactor.now()).toBeLessThanOrEqual(reactor.now())
    await reactor.stop()
    await run
  })

  test('returns random bytes', () => {
    const reactor = make()
    expect(reactor.randomBytes(16)).toHaveLength(16)
    expect(reactor.randomBytes(16)).not.toEqual(reactor.randomBytes(16))
  })

  test('installs no signal handlers when installSignalHandlers is false', async () => {
    const before = process.listenerCount('SIGINT')
    const reactor = make()
    const run = reactor.run(NO_SIGNALS)
    expect(process.listenerCount('SIGINT')).toBe(before)
    await reactor.stop()
    const again = reactor.run()
    expect(process.listenerCount('SIGINT')).toBe(before + 1)
    await reactor.stop()
    expect(process.listenerCount('SIGINT')).toBe(before)
    await Promise.all([run, again])
  })
})

describe('a program', () => {
  test('exits by itself after stop: no socket, timer or listener keeps it alive', async () => {
    const ended = await runProgram(`
      const port = await reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' })
      reactor.callWhenRunning(async () => {
        const client = await reactor.connectTCP('127.0.0.1', port.getHost().port, Factory.forProtocol(Talker)).whenConnected()
        client.transport.write('x')
        reactor.callLater(100_000, () => undefined)
      })
      class Talker extends Protocol { dataReceived() { void reactor.stop() } }
      await reactor.run()
      console.log('stopped')`)
    expect(ended).toMatchObject({ code: 0, signal: null, output: 'stopped\n', errors: '' })
  })

  test('shows on a terminal, after a second, how many connections a stop waits for', async () => {
    const ended = await runProgram(
      `process.stderr.isTTY = true
       class Slow extends Protocol {
         connectionMade() { console.log('ready') }
         readConnectionLost() {}
         drain() {
           return new Promise((resolve) => reactor.logPublisher.addObserver(({ text }) => text.startsWith('Waiting') && resolve()))
         }
       }
       const port = await reactor.listenTCP(0, Factory.forProtocol(Slow), { interface: '127.0.0.1' })
       class Client extends Protocol { drain() { return new Promise(() => undefined) } }
       reactor.connectTCP('127.0.0.1', port.getHost().port, Factory.forProtocol(Client))
       await reactor.run()`,
      (line, child) => void (line === 'ready' && child.kill('SIGINT')),
    )
    expect(ended).toMatchObject({ code: 0, signal: null })
    expect(ended.errors).toMatch(
      / info ropewalk Waiting for 2 connections; press Ctrl-C again to abort them\n/,
    )
  })

  test('stops at SIGTERM with the options of run, and reports the aborted connections', async () => {
    const ended = await runProgram(
      `class Stubborn extends Protocol {
         connectionMade() { console.log('ready') }
         readConnectionLost() {}
         drain() { return new Promise(() => undefined) }
       }
       const port = await reactor.listenTCP(0, Factory.forProtocol(Stubborn), { interface: '127.0.0.1' })
       reactor.connectTCP('127.0.0.1', port.getHost().port, Factory.forProtocol(Protocol))
       const { signal, completed, aborted } = await reactor.run({ stop: { drainMs: 50 } })
       console.log(signal, completed.length, aborted.length)`,
      (line, child) => void (line === 'ready' && child.kill('SIGTERM')),
    )
    expect(ended).toMatchObject({ code: 0, output: 'ready\nSIGTERM 0 2\n' })
    expect(ended.errors).toMatch(/ warn ropewalk .* deadline of the stop: 2: .*Stubborn \d 127\.0\.0\.1:\d+/)
  })

  test.each([
    ['twice', `setTimeout(() => void reactor.stop(), 1); setTimeout(() => void reactor.stop(), 2)`],
    [
      'before it runs',
      'void reactor.stop(); void reactor.stop().then(() => 1); reactor.callLater(1, () => reactor.stop())',
    ],
    [
      'after it has run',
      'reactor.callLater(1, () => reactor.stop()); setTimeout(() => void reactor.stop(), 100)',
    ],
  ])('continues when it is stopped %s and the promise is not awaited', async (_when, stops) => {
    const ended = await runProgram(`
      reactor.addSystemEventTrigger('before', 'shutdown', () => new Promise((resolve) => setTimeout(resolve, 20)))
      ${stops}
      await reactor.run()
      console.log('stopped')`)
    expect(ended).toMatchObject({ code: 0, output: 'stopped\n' })
  })

  test('is kept alive by run alone, and stops at SIGINT', async () => {
    const ended = await runProgram(
      `reactor.callWhenRunning(() => console.log('ready'))
       await reactor.run()
       console.log('stopped')`,
      (line, child) => void (line === 'ready' && child.kill('SIGINT')),
    )
    expect(ended).toMatchObject({ code: 0, output: 'ready\nstopped\n', errors: '' })
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at a second %s with %i', async (signal, code) => {
    const ended = await runProgram(
      `reactor.addSystemEventTrigger('before', 'shutdown', () => { console.log('stopping'); return new Promise(() => undefined) })
       reactor.callWhenRunning(() => console.log('ready'))
       await reactor.run()`,
      (_line, child) => void child.kill(signal),
    )
    expect(ended).toMatchObject({ code, output: 'ready\nstopping\n' })
  })

  test('continues a stop at a first signal that arrives during it', async () => {
    const ended = await runProgram(
      `let go
       reactor.addSystemEventTrigger('before', 'shutdown', () => { console.log('stopping'); return new Promise((resolve) => (go = resolve)) })
       process.on('SIGTERM', () => setImmediate(go))
       reactor.callWhenRunning(() => reactor.stop())
       await reactor.run()
       console.log('stopped')
       process.removeAllListeners('SIGTERM')`,
      (line, child) => void (line === 'stopping' && child.kill('SIGTERM')),
    )
    expect(ended).toMatchObject({ code: 0, output: 'stopping\nstopped\n', errors: '' })
  })

  test('survives protocols that fail, and logs their names', async () => {
    const ended = await runProgram(`
      class Failing extends Protocol {
        async dataReceived() { throw new Error('on purpose') }
        connectionLost() { void reactor.stop() }
      }
      const port = await reactor.listenTCP(0, Factory.forProtocol(Failing), { interface: '127.0.0.1' })
      reactor.callWhenRunning(async () => {
        const client = await reactor.connectTCP('127.0.0.1', port.getHost().port, Factory.forProtocol(Echo)).whenConnected()
        client.transport.write('x')
      })
      await reactor.run()
      console.log('stopped')`)
    expect(ended).toMatchObject({ code: 0, output: 'stopped\n' })
    expect(ended.errors).toMatch(
      / error ropewalk \[Failing \d 127\.0\.0\.1:\d+\] A protocol failed.*\n +Error: on purpose/,
    )
  })
})

describe('ProcessSignals', () => {
  /** Signals our listener alone, so that the test's own process continues. */
  const raise = (name: NodeJS.Signals, number: number): void =>
    void Reflect.apply(process.listeners(name).at(-1) ?? expect.unreachable, undefined, [name, number])

  test('listens while installed, and keeps the listeners of other code', () => {
    const others = (): void => undefined
    process.on('SIGTERM', others)
    const before = [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]
    const signals = new ProcessSignals(() => undefined)
    signals.install()
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual(
      before.map((count) => count + 1),
    )
    signals.remove()
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual(before)
    expect(process.listeners('SIGTERM')).toContain(others)
    process.off('SIGTERM', others)
  })

  test('calls at the first signal, and ends the process at the second', () => {
    const seen: unknown[] = []
    const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`)
    })
    const signals = new ProcessSignals((name) => seen.push(name))
    signals.install()
    try {
      raise('SIGINT', 2)
      expect([seen, signals.lastChance]).toEqual([['SIGINT'], true])
      expect(() => raise('SIGTERM', 15)).toThrow('exit 143')
      signals.remove()
      signals.install()
      expect(signals.lastChance).toBe(false)
      raise('SIGTERM', 15)
      expect(seen).toEqual(['SIGINT', 'SIGTERM'])
    } finally {
      signals.remove()
      exit.mockRestore()
    }
  })
})

describe('lookupName', () => {
  test('returns the addresses of a name, and a numeric host itself', async () => {
    expect(await lookupName('localhost')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^127\.|^::1$/)]),
    )
    expect(await lookupName('127.0.0.1')).toEqual(['127.0.0.1'])
  })

  test('rejects with DNSLookupError for a name without an address', async () => {
    const failed = lookupName('no-such-host.invalid')
    await expect(failed).rejects.toBeInstanceOf(DNSLookupError)
    await expect(failed).rejects.toThrow(/^Cannot look up no-such-host\.invalid: /)
  })

  test('rejects with the reason of its signal', async () => {
    const controller = new AbortController()
    const pending = lookupName('localhost', { signal: controller.signal })
    const why = new Error('not needed any more')
    controller.abort(why)
    await expect(pending).rejects.toBe(why)
    await expect(lookupName('localhost', { signal: controller.signal })).rejects.toBe(why)
  })
})

afterEach(() => void vi.restoreAllMocks())

const recorded = (): string[] => {
  const texts: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => texts.push(String(text)) > 0)
  return texts
}

describe('logToStderr', () => {
  const textOf = (event: LogEvent): string => {
    const texts = recorded()
    logToStderr(event)
    return texts.join('')
  }

  test('writes time, level, namespace, label and text in one line', () => {
    const event: LogEvent = {
      level: 'warn',
      namespace: 'ropewalk',
      text: 'Slow',
      label: 'key.pem',
      timeMs: 0,
    }
    expect(textOf(event)).toBe('1970-01-01T00:00:00.000Z warn ropewalk [key.pem] Slow\n')
  })

  test('writes the stack of an error, and any other thrown value', () => {
    const error = Object.assign(new Error('broken'), { stack: 'Error: broken\n    at x' })
    expect(textOf({ level: 'error', text: 'It failed', error })).toBe(
      'error It failed\n    Error: broken\n        at x\n',
    )
    expect(textOf({ level: 'error', text: 'It failed', error: { code: 7 } })).toBe(
      'error It failed\n    {"code":7}\n',
    )
  })

  test('drops debug events', () => {
    expect(textOf({ level: 'debug', text: 'detail' })).toBe('')
  })

  test('keeps the process alive when stderr is not read any more', async () => {
    const program = `
      process.on('SIGUSR2', () => {
        reactor.log({ level: 'error', text: 'Is anybody there?' })
        reactor.callLater(50, () => { console.log('alive'); return reactor.stop() })
      })
      reactor.callWhenRunning(() => console.log('ready'))
      await reactor.run()`
    const ended = await runProgram(program, (line, child) => {
      if (line !== 'ready') return
      child.stderr?.once('close', () => child.kill('SIGUSR2')).destroy()
    })
    expect(ended).toMatchObject({ code: 0, output: 'ready\nalive\n' })
  })
})

describe('createReactor', () => {
  test('logs to one observer or several, with the time', () => {
    const [one, other] = [new LogRecorder(), new LogRecorder()]
    const beforeMs = createReactor({ log: one.observer }).wallClock()
    const reactor = createReactor({ log: [one.observer, other.observer] })
    reactor.log({ level: 'info', text: 'Open' })
    expect(one.events).toEqual(other.events)
    expect(one.events).toMatchObject([{ namespace: 'ropewalk', text: 'Open' }])
    expect(one.events[0]?.timeMs).toBeGreaterThanOrEqual(beforeMs)
    expect(one.events[0]?.timeMs).toBeLessThanOrEqual(reactor.wallClock())
  })

  test('aborts a connection when an observer cannot log its fault, and writes both errors to stderr', async () => {
    const texts = recorded()
    const broken = (): never => {
      throw new Error('no disk')
    }
    const reactor = createReactor({ log: broken })
    class Failing extends Recorder {
      override dataReceived(): never {
        throw new Error('a fault')
      }
    }
    const port = await reactor.listenTCP(0, Factory.forProtocol(Failing), { interface: '127.0.0.1' })
    const client = new Recorder()
    await reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client)).whenConnected()
    client.transport.write('x')
    await until(() => client.lost)
    await port.stopListening()
    expect([...reactor.connections]).toEqual([])
    expect(texts).toEqual([
      expect.stringMatching(/ error ropewalk A log observer failed\n {4}Error: no disk/),
      expect.stringMatching(/ error ropewalk \[Failing \d+ 127.*\] A protocol failed.*\n {4}Error: a fault/),
    ])
  })
})
