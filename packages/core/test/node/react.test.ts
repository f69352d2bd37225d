import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Reactor } from '../../src/interfaces/reactor.ts'
import { ExitCode, ReactorAlreadyRunning } from '../../src/errors.ts'
import { react } from '../../src/node/react.ts'
import { getProcessOutputAndValue } from '../../src/node/process-output.ts'
import { Gate } from '../../src/testing/checks/gate.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { connectedPair } from '../../src/testing/connected-pair.ts'
import { passTime } from '../pass-time.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { type Ended, programArgs, ROOT, runProgram } from './run-program.ts'
import { runUnread } from './run-unread.ts'

describe('react', () => {
  describe('in memory', () => {
    /** Runs `main` to its end, and answers what it exited with, each time it did. */
    const run = async (main: (reactor: Reactor, ...argv: string[]) => unknown): Promise<unknown[]> => {
      const [reactor, exits] = [new MemoryReactor(), [] as unknown[]]
      await react(main, { reactor, argv: ['a', 'b'], exit: (code) => exits.push(code) })
      expect([reactor.running, reactor.getDelayedCalls()]).toEqual([false, []])
      return [...exits, ...reactor.logged.map(({ text, error }) => [text, String(error)])]
    }

    test('runs main with the reactor running, behind the startup triggers, and exits with 0 (statements 72 and 82)', async () => {
      const [reactor, seen] = [new MemoryReactor(), [] as unknown[]]
      reactor.addSystemEventTrigger('after', 'startup', () => seen.push('startup'))
      const main = (mine: Reactor, ...argv: string[]): void => {
        seen.push(mine === reactor, mine.running, ...argv)
        mine.callLater(1000, () => seen.push('never'))
      }
      await react(main, { reactor, argv: ['a', 'b'], exit: (code) => seen.push(code, reactor.running) })
      expect(seen).toEqual(['startup', true, true, 'a', 'b', 0, false])
    })

    test('exits with 1 when main throws or rejects, and logs why (statement 82)', async () => {
      const expected = [1, ['The main function failed', 'Error: mine']]
      const thrown = run(() => {
        throw new Error('mine')
      })
      expect(await thrown).toEqual(expected)
      expect(await run(() => Promise.reject(new Error('mine')))).toEqual(expected)
    })

    test('exits with the code that main throws or answers, and logs nothing (statement 82)', async () => {
      const thrown = run(async () => {
        throw new ExitCode(3)
      })
      expect(await thrown).toEqual([3])
      expect(await run(() => new ExitCode(4))).toEqual([4])
      expect(await run(() => Promise.reject(new ExitCode(0)))).toEqual([0])
      expect(await run(() => 5)).toEqual([0])
    })

    test('exits when the reactor was stopped, though main is not done', async () => {
      const never = new Gate()
      expect(await run((reactor) => (void reactor.stop(), never.opened))).toEqual([0])
    })

    test('exits with the code of a main that has waited for the stop itself', async () => {
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

    test('stops as its options ask, and refuses options that it does not know', async () => {
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

    test('refuses a reactor that runs, and leaves it alone', async () => {
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
        `import { ExitCode, react } from './packages/core/src/index.ts'
         await react(${main}, { argv: ['a', 'b'] })`,
        lineWritten,
      )

    test('exits with 0 when main is done, whatever is left open (statement 82)', async () => {
      const ended = await runMain(`async (reactor, ...argv) => {
        await reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' })
        setInterval(() => undefined, 1000)
        console.log(...argv)
      }`)
      expect(ended).toEqual({ code: 0, signal: null, output: 'a b\n', errors: '' })
    })

    test.each([
      [
        '1, telling why, when main fails',
        `throw new Error('mine')`,
        1,
        'The main function failed\n    Error: mine',
      ],
      ['the code that main throws', 'throw new ExitCode(3)', 3, ''],
    ])('exits with %s (statement 82)', async (_what, statement, code, errors) => {
      const ended = await runMain(`async () => { ${statement} }`)
      expect(ended).toMatchObject({ code, errors: expect.stringContaining(errors) })
      expect(ended.errors === '').toBe(errors === '')
    })

    test('stops at Ctrl-C, and exits when the shutdown is over (statement 82)', async () => {
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
    ])('exits with what shells expect of SIGTERM unless main is done: it %s', async (_how, waiting, code) => {
      const ended = await runProgram(
        `import { react, ServiceStopped } from './packages/core/src/index.ts'
         let cut = () => undefined
         await react(async (reactor) => {
           reactor.addSystemEventTrigger('before', 'shutdown', () => cut())
           console.log('ready')
           await ${waiting}
         })`,
        (line, child) => line === 'ready' && child.kill('SIGTERM'),
      )
      expect(ended).toEqual({ code, signal: null, output: 'ready\n', errors: '' })
    })

    test('loses no output through a pipe that is read late, whatever the status', async () => {
      for (const [end, code] of [
        ['', 0],
        ['throw new ExitCode(3)', 3],
      ] as const) {
        const ended = await runUnread(
          `import { ExitCode, react } from './packages/core/src/index.ts'
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

    test('waits for a pipe that is not read only so long when a signal ends it', async () => {
      const ended = await runUnread(
        `import { react } from './packages/core/src/index.ts'
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

    test('exits with 1 when the output cannot be written, and with 0 when it is read no further', async () => {
      const program = `import { react } from './packages/core/src/index.ts'
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
