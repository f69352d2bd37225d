import { describe, expect, test } from 'vitest'
import type { Reactor } from '../../src/contracts/reactor.ts'
import { ExitCode, ReactorAlreadyRunning } from '../../src/errors.ts'
import { react } from '../../src/node/react.ts'
import { Gate } from '../../src/testing/checks/gate.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { type Ended, runProgram } from './run-program.ts'

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

    test('exits with 1 when main fails while the reactor stops', async () => {
      const failed = run((reactor) => {
        const failing = new Gate()
        reactor.addSystemEventTrigger('before', 'shutdown', () => failing.fail(new Error('mine')))
        void reactor.stop()
        return failing.opened
      })
      expect(await failed).toEqual([1, ['The main function failed', 'Error: mine']])
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
      expect(ended).toEqual({ code: 0, signal: null, output: 'ready\nbye\n', errors: '' })
    })
  })
})
