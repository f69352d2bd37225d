import { existsSync } from 'node:fs'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { Factory, react, type Reactor, sleep } from '../../src/index.ts'
import { StandardOutputs } from '../../src/node/run.ts'
import { ExitCode, getProcessOutputAndValue } from '../../src/process.ts'
import { ReactorAlreadyRunning } from '../../src/reactor.ts'
import { MultiService, runServices, serviceFromString } from '../../src/services.ts'
import { connectedPair, MemoryReactor } from '../../src/testing.ts'
import { Gate } from '../../src/checks/check.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { passTime } from '../pass-time.ts'
import { NotingService } from '../service/noting-service.ts'
import { type Ended, programArgs, ROOT, runProgram } from './run-program.ts'
import { runUnread } from './run-unread.ts'
import { quiet } from './socket-harness.ts'

describe('react', () => {
  describe('in memory', () => {
    /** Runs `main` to its end, and returns the status of each exit. */
    const run = async (main: (reactor: Reactor, ...argv: string[]) => unknown): Promise<unknown[]> => {
      const [reactor, exits] = [new MemoryReactor(), [] as unknown[]]
      await react(main, { reactor, argv: ['a', 'b'], exit: (code) => exits.push(code) })
      expect([reactor.running, reactor.getDelayedCalls()]).toEqual([false, []])
      return [...exits, ...reactor.logged.map(({ text, error }) => [text, String(error)])]
    }

    test('runs main in the running reactor, after the startup triggers, and exits with 0', async () => {
      const [reactor, seen] = [new MemoryReactor(), [] as unknown[]]
      reactor.addSystemEventTrigger('after', 'startup', () => seen.push('startup'))
      const main = (mine: Reactor, ...argv: string[]): void => {
        seen.push(mine === reactor, mine.running, ...argv)
        mine.callLater(1000, () => seen.push('never'))
      }
      await react(main, { reactor, argv: ['a', 'b'], exit: (code) => seen.push(code, reactor.running) })
      expect(seen).toEqual(['startup', true, true, 'a', 'b', 0, false])
    })

    test('exits with 1 when main throws or rejects, and logs why', async () => {
      const expected = [1, ['The main function failed', 'Error: mine']]
      const thrown = run(() => {
        throw new Error('mine')
      })
      expect(await thrown).toEqual(expected)
      expect(await run(() => Promise.reject(new Error('mine')))).toEqual(expected)
    })

    test('exits with the code that main throws or returns, and logs nothing', async () => {
      const thrown = run(async () => {
        throw new ExitCode(3)
      })
      expect(await thrown).toEqual([3])
      expect(await run(() => new ExitCode(4))).toEqual([4])
      expect(await run(() => Promise.reject(new ExitCode(0)))).toEqual([0])
      expect(await run(() => 5)).toEqual([0])
    })

    test('exits when the reactor has stopped, even if main is not done', async () => {
      const never = new Gate()
      expect(await run((reactor) => (void reactor.stop(), never.opened))).toEqual([0])
    })

    test('exits with the code of a main that awaits the stop itself', async () => {
      const stopsFirst = async (reactor: Reactor): Promise<ExitCode> => {
        await reactor.stop()
        return new ExitCode(3)
      }
      expect(await run(stopsFirst)).toEqual([3])
      const fails = run(async (reactor) => {
        await reactor.stop()
        throw new Error('mine')
      })
      expect(await fails).toEqual([1, ['The main function failed', 'Error: mine']])
    })

    test('exits with 1 when main fails while the reactor stops', async () => {
      const failed = run((reactor) => {
        const failing = new Gate()
        reactor.addSystemEventTrigger('before', 'shutdown', () => failing.fail(new Error('mine')))
        void reactor.stop()
        return failing.opened
      })
      expect(await failed).toEqual([1, ['The main function failed', 'Error: mine']])
    })

    test('stops with its stop options, and refuses unknown options', async () => {
      const [reactor, exits] = [new MemoryReactor(), [] as unknown[]]
      const stubborn = (): Recorder =>
        Object.assign(new Recorder(), { drain: () => new Promise<void>(() => undefined) })
      const exit = (code: number): unknown => exits.push(code)
      const over = react(() => void connectedPair(stubborn(), stubborn(), { reactor }), {
        reactor,
        exit,
        stop: { drainMs: 70 },
      })
      await passTime(reactor, 69)
      expect(exits).toEqual([])
      await passTime(reactor, 1)
      await over
      expect(exits).toEqual([0])
      const main = (): unknown => expect.unreachable()
      await expect(react(main, { reactor, exit, outputMs: Number.NaN })).rejects.toThrow(
        'Cannot take outputMs NaN',
      )
      await expect(react(main, { reactor, exit, stop: { drainMs: -1 } })).rejects.toThrow(
        'Cannot take drainMs -1',
      )
      await expect(react(main, { reactor, args: [] } as object)).rejects.toThrow('did you mean argv?')
      const again = reactor.run()
      await reactor.settle()
      await reactor.stop()
      await again
    })

    test('refuses a running reactor, and does not stop it', async () => {
      const reactor = new MemoryReactor()
      const running = reactor.run()
      const refused = react(() => expect.unreachable(), { reactor, exit: () => expect.unreachable() })
      await expect(refused).rejects.toBeInstanceOf(ReactorAlreadyRunning)
      expect(reactor.running).toBe(true)
      await reactor.stop()
      await running
    })
  })

  describe('in a process', () => {
    const runMain = (main: string, lineWritten?: Parameters<typeof runProgram>[1]): Promise<Ended> =>
      runProgram(
        `import { ExitCode, react } from '@ropewalk/core'
         await react(${main}, { argv: ['a', 'b'] })`,
        lineWritten,
      )

    test('exits with 0 when main is done, whatever is left open', async () => {
      const ended = await runMain(`async (reactor, ...argv) => {
        await reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' })
        setInterval(() => undefined, 1000)
        console.log(...argv)
      }`)
      expect(ended).toEqual({ code: 0, signal: null, output: 'a b\n', errors: '' })
    })

    test.each([
      [
        '1 and a log event when main fails',
        `throw new Error('mine')`,
        1,
        'The main function failed\n    Error: mine',
      ],
      ['the code that main throws', 'throw new ExitCode(3)', 3, ''],
    ])('exits with %s', async (_what, statement, code, errors) => {
      const ended = await runMain(`async () => { ${statement} }`)
      expect(ended).toMatchObject({ code, errors: expect.stringContaining(errors) })
      expect(ended.errors === '').toBe(errors === '')
    })

    test('stops at Ctrl-C, and exits after the shutdown', async () => {
      const ended = await runMain(
        `async (reactor) => {
          reactor.addSystemEventTrigger('before', 'shutdown', () => console.log('bye'))
          console.log('ready')
          await new Promise(() => undefined)
        }`,
        (line, child) => line === 'ready' && child.kill('SIGINT'),
      )
      expect(ended).toEqual({ code: 130, signal: null, output: 'ready\nbye\n', errors: '' })
    })

    test.each([
      ['is not done', 'new Promise(() => undefined)', 143],
      [
        'ends because of the stop',
        'new Promise((_, reject) => (cut = () => reject(new ServiceStopped("over"))))',
        143,
      ],
      ['is done in time', 'new Promise((resolve) => (cut = resolve))', 0],
    ])(
      'exits with 143 at SIGTERM, or with 0 when main is done by then: it %s',
      async (_how, waiting, code) => {
        const ended = await runProgram(
          `import { react, ServiceStopped } from '@ropewalk/core'
         let cut = () => undefined
         await react(async (reactor) => {
           reactor.addSystemEventTrigger('before', 'shutdown', () => cut())
           console.log('ready')
           await ${waiting}
         })`,
          (line, child) => line === 'ready' && child.kill('SIGTERM'),
        )
        expect(ended).toEqual({ code, signal: null, output: 'ready\n', errors: '' })
      },
    )

    test('loses no output through a pipe that is read late, whatever the status', async () => {
      for (const [end, code] of [
        ['', 0],
        ['throw new ExitCode(3)', 3],
      ] as const) {
        const ended = await runUnread(
          `import { ExitCode, react } from '@ropewalk/core'
           process.stdout.write = ((write) => (...args) => {
             const more = write.apply(process.stdout, args)
             if (args[0] === '') console.error('waiting')
             return more
           })(process.stdout.write)
           await react(async () => { console.log('x'.repeat(1_000_000)); ${end} })`,
          (errors) => errors.includes('waiting'),
        )
        expect(ended).toEqual({ code, signal: null, bytes: 1_000_001, errors: 'waiting\n' })
      }
    })

    test('waits at most outputMs for an unread pipe when a signal ends it', async () => {
      const ended = await runUnread(
        `import { react } from '@ropewalk/core'
         await react(async () => {
           console.log('x'.repeat(1_000_000))
           console.error('ready')
           await new Promise(() => undefined)
         }, { outputMs: 10 })`,
        (errors, kill) => {
          if (errors === 'ready\n') kill('SIGTERM')
          return false
        },
      )
      expect(ended).toEqual({ code: 143, signal: null, bytes: 0, errors: 'ready\n' })
    })

    test('exits with 1 when the output cannot be written, and with 0 when the reader has closed', async () => {
      const program = `import { react } from '@ropewalk/core'
        await react(async () => console.log('x'.repeat(1_000_000)))`
      const run = (redirection: string): Promise<unknown> =>
        getProcessOutputAndValue(
          'bash',
          ['-c', `"$0" "$@" ${redirection}`, process.execPath, ...programArgs(program)],
          {
            cwd: ROOT,
          },
        )
      if (existsSync('/dev/full'))
        expect(await run('> /dev/full')).toMatchObject({
          exitCode: 1,
          errors: Buffer.from('Cannot write the output: ENOSPC: no space left on device, write\n'),
        })
      expect(await run('> >(head -c 1 > /dev/null)')).toMatchObject({ exitCode: 0, errors: Buffer.from('') })
    })
  })
})

describe('runServices', () => {
  describe('in memory', () => {
    test('starts services with the reactor and stops them with it, before connections are drained', async () => {
      const [reactor, notes, app] = [new MemoryReactor(), [] as string[], new MultiService()]
      await app.addService(new NotingService('a', notes))
      await app.addService(serviceFromString(reactor, 'tcp:80', Factory.forProtocol(Echo)))
      const last = new NotingService('z', notes)
      last.stopping = () => notes.push(`${reactor.connections.size} connections`)
      await app.addService(last)
      reactor.callWhenRunning(() => notes.push('running'))
      const over = runServices(app, { reactor }).then(() => notes.push('over'))
      await reactor.settle()
      reactor.connectTCP('server', 80, Factory.forProtocol(Recorder))
      await reactor.settle()
      expect(notes).toEqual(['start a', 'a up', 'start z', 'z up', 'running'])
      const stopped = reactor.stop()
      await reactor.settle()
      await Promise.all([over, stopped])
      expect(notes.slice(5)).toEqual(['stop z', '2 connections', 'z down', 'stop a', 'a down', 'over'])
      expect([reactor.running, app.running]).toEqual([false, false])
    })

    test('can run the same services again, and does not start them in other runs', async () => {
      const [reactor, notes] = [new MemoryReactor(), [] as string[]]
      const service = new NotingService('a', notes)
      for (let round = 0; round < 2; round++) {
        const over = runServices(service, { reactor })
        await reactor.settle()
        await reactor.stop()
        await over
      }
      expect(notes).toHaveLength(8)
      const other = reactor.run()
      await reactor.stop()
      await other
      expect(notes).toHaveLength(8)
    })

    test('stops without services that do not stop in time, and rejects with that error', async () => {
      const [reactor, service] = [new MemoryReactor(), new NotingService('a', [])]
      service.stopping = () => new Promise(() => undefined)
      let failure: unknown
      const over = runServices(service, { reactor, stopTimeoutMs: 5000 }).catch((error: unknown) => {
        failure = error
      })
      await reactor.settle()
      const stopped = reactor.stop()
      await reactor.settle()
      reactor.advance(4999)
      await reactor.settle()
      expect(reactor.running).toBe(true)
      reactor.advance(1)
      await reactor.settle()
      await Promise.all([over, stopped])
      expect(failure).toMatchObject({ message: 'The services did not stop within 5000 ms' })
      expect(reactor.getDelayedCalls()).toEqual([])
    })

    test('keeps services running for the delay of a stop, then waits up to stopTimeoutMs for them', async () => {
      const [reactor, notes] = [new MemoryReactor(), [] as string[]]
      const service = new NotingService('a', notes)
      service.stopping = () => sleep(59_000, { reactor })
      const over = runServices(service, { reactor, stopTimeoutMs: 60_000, stop: { delayMs: 500 } })
      await reactor.settle()
      void reactor.stop()
      await passTime(reactor, 499)
      expect(notes).toEqual(['start a', 'a up'])
      await passTime(reactor, 59_001)
      await over
      expect([notes.slice(2), reactor.logged]).toEqual([['stop a', 'a down'], []])
    })

    test('refuses unknown options, and starts nothing', async () => {
      const [reactor, notes] = [new MemoryReactor(), [] as string[]]
      for (const [options, why] of [
        [{ stopTimeoutMs: Number.NaN }, 'Cannot take stopTimeoutMs NaN'],
        [{ stopTimeoutMs: -1 }, 'Cannot take stopTimeoutMs -1'],
        [{ stop: { drainMs: -1 } }, 'Cannot take drainMs -1'],
        [{ stop: null as never }, 'Cannot take null as the options of run, option stop'],
        [{ stop: { triggerMs: '5' as never } }, 'Cannot take triggerMs "5"'],
        [{ stop: { triggerMs: null as never } }, 'Cannot take triggerMs null'],
        [{ stopTimeout: 1 }, 'did you mean stopTimeoutMs?'],
      ] as const)
        await expect(runServices(new NotingService('a', notes), { reactor, ...options })).rejects.toThrow(why)
      const run = reactor.run()
      await reactor.stop()
      await run
      expect(notes).toEqual([])
    })

    test('stops the reactor and rejects when the start fails', async () => {
      const [reactor, notes, app] = [new MemoryReactor(), [] as string[], new MultiService()]
      const [a, b] = [new NotingService('a', notes), new NotingService('b', notes)]
      await app.addService(a)
      await app.addService(b)
      b.starting = () => Promise.reject(new Error('b is ill'))
      await expect(runServices(app, { reactor })).rejects.toThrow('b is ill')
      expect(notes).toEqual(['start a', 'a up', 'start b', 'stop a', 'a down'])
      expect([reactor.running, reactor.logged]).toEqual([false, []])
    })

    test('rejects with the error of the stop, once the reactor has stopped', async () => {
      const reactor = new MemoryReactor()
      const service = new NotingService('a', [])
      service.stopping = () => Promise.reject(new Error('a stays'))
      const over = runServices(service, { reactor })
      await reactor.settle()
      await reactor.stop()
      await expect(over).rejects.toThrow('a stays')
      expect(reactor.running).toBe(false)
    })

    test('ends when the reactor is stopped while a start hangs', async () => {
      const [reactor, never, notes, app] = [
        new MemoryReactor(),
        new Gate(),
        [] as string[],
        new MultiService(),
      ]
      const service = new NotingService('a', notes)
      service.starting = () => never.opened
      await app.addService(service)
      const over = runServices(app, { reactor })
      await reactor.settle()
      await reactor.stop()
      await over
      expect(notes).toEqual(['start a', 'stop a', 'a down'])
      never.open()
      await reactor.settle()
      expect([reactor.running, reactor.logged]).toEqual([false, []])
    })

    test('does not treat a start that the stop cut short as a failure', async () => {
      const [reactor, hanging, app] = [new MemoryReactor(), new Gate(), new MultiService()]
      const service = new NotingService('a', [])
      service.starting = () => hanging.opened
      service.stopping = () => hanging.open()
      await app.addService(service)
      await app.addService(new NotingService('z', []))
      const over = runServices(app, { reactor })
      await reactor.settle()
      await reactor.stop()
      expect(await over).toBe(undefined)
    })

    test('refuses a running reactor, and starts nothing', async () => {
      const [reactor, notes] = [new MemoryReactor(), [] as string[]]
      const running = reactor.run()
      const refused = runServices(new NotingService('a', notes), { reactor })
      await expect(refused).rejects.toBeInstanceOf(ReactorAlreadyRunning)
      expect([reactor.running, notes]).toEqual([true, []])
      await reactor.stop()
      await running
    })
  })

  describe('in a process', () => {
    const run = (second: string, lineWritten?: Parameters<typeof runProgram>[1]): Promise<Ended> =>
      runProgram(
        `import { MultiService, runServices, Service, serviceFromString } from '@ropewalk/core'
         class Noting extends Service {
           async startService() { await super.startService(); console.log('start') }
           async stopService() { await super.stopService(); console.log('stop') }
         }
         const app = new MultiService()
         await app.addService(new Noting())
         await app.addService(serviceFromString(reactor, ${JSON.stringify(second)}, Factory.forProtocol(Echo)))
         reactor.callWhenRunning(() => console.log('ready'))
         await runServices(app)
         console.log('over', reactor.running)`,
        lineWritten,
      )

    test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])('stops at %s, and the program ends', async (signal) => {
      const ended = await run(
        'tcp:0:interface=127.0.0.1',
        (line, child) => line === 'ready' && child.kill(signal),
      )
      const output = 'start\nready\nstop\nover false\n'
      expect(ended).toEqual({ code: 0, signal: null, output, errors: '' })
    })

    test('exits with 1 and prints the error when a service cannot start', async () => {
      const ended = await run('unix:/nowhere/at/all')
      expect(ended).toMatchObject({ code: 1, output: 'start\nstop\n' })
      expect(ended.errors).toContain('CannotListenError')
    })
  })
})

describe('StandardOutputs', () => {
  test('waits until every stream has written everything', async () => {
    const streams = [new PassThrough({ highWaterMark: 10 }), new PassThrough({ highWaterMark: 10 })]
    const output = new StandardOutputs(streams)
    for (const stream of streams) stream.write(Buffer.alloc(100))
    let isWritten = false
    const written = output.written().then(() => (isWritten = true))
    streams[0]?.resume()
    await quiet()
    expect(isWritten).toBe(false)
    streams[1]?.resume()
    await written
    expect(output.failure).toBeUndefined()
  })

  test('waits for a stream that was ended, and not for a destroyed one', async () => {
    const [ended, gone] = [new PassThrough({ highWaterMark: 10 }), new PassThrough({ highWaterMark: 10 })]
    const output = new StandardOutputs([ended, gone])
    ended.end(Buffer.alloc(100))
    gone.write(Buffer.alloc(100))
    gone.destroy()
    let isWritten = false
    const written = output.written().then(() => (isWritten = true))
    await quiet()
    expect(isWritten).toBe(false)
    ended.resume()
    await written
  })

  test('waits at most for the given time', async () => {
    const stuck = new Writable({ write: () => undefined })
    stuck.write('never')
    await new StandardOutputs([stuck]).written(1)
    expect(stuck.writableLength).toBe(5)
  })

  test.each([
    ['ENOSPC', 'ENOSPC'],
    ['EPIPE', undefined],
  ])('after %s reports a failure, unless the reader has closed', async (code, failure) => {
    const error = Object.assign(new Error(code), { code })
    const broken = new Writable({ write: (_data, _encoding, done) => done(error) })
    const output = new StandardOutputs([broken])
    broken.write('x')
    await output.written()
    expect(output.failure?.message).toBe(failure)
    output.end()
    expect(broken.listenerCount('error')).toBe(0)
  })
})
