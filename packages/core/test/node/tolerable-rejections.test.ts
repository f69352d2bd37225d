import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RemoteError } from '../../src/bytes.ts'
import { ConnectionDone, ConnectionLost } from '../../src/index.ts'
import { ServiceStopped } from '../../src/services.ts'
import { TolerableRejections } from '../../src/node/tolerable-rejections.ts'
import { runProgram } from './run-program.ts'

describe('TolerableRejections', () => {
  const others = process.listeners('unhandledRejection')
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const raise = (reason: unknown): boolean => process.emit('unhandledRejection', reason, Promise.resolve())
  const make = (): { rejections: TolerableRejections; logged: unknown[] } => {
    const logged: unknown[] = []
    return { rejections: new TolerableRejections(({ level, error }) => logged.push(level, error)), logged }
  }

  beforeEach(() => void process.removeAllListeners('unhandledRejection'))
  afterEach(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of others) process.on('unhandledRejection', listener)
  })

  test('logs ends of connections and services, errors they caused and errors of peers, and nothing else', () => {
    const { rejections, logged } = make()
    rejections.install()
    const end = new ConnectionLost()
    const aborted = new Error('aborted', { cause: new Error('between', { cause: new ConnectionDone() }) })
    const stopped = new ServiceStopped('over')
    const refused = new (class extends RemoteError {})('too much')
    for (const reason of [end, aborted, stopped, refused]) raise(reason)
    expect(logged).toEqual([end, aborted, stopped, refused].flatMap((error) => ['error', error]))
    const circle = new Error('circle')
    circle.cause = circle
    process.on('unhandledRejection', () => undefined)
    for (const reason of [circle, new TypeError('mine'), undefined]) raise(reason)
    expect(logged).toHaveLength(8)
  })

  test('leaves other rejections to a listener of the program', () => {
    const { rejections } = make()
    const seen: unknown[] = []
    process.on('unhandledRejection', (reason) => seen.push(reason))
    rejections.install()
    raise('mine')
    expect(seen).toEqual(['mine'])
  })

  test('leaves a rejection to a once listener of the program', () => {
    const { rejections } = make()
    const seen: unknown[] = []
    process.once('unhandledRejection', (reason) => seen.push(reason))
    rejections.install()
    raise('mine')
    expect([seen, process.listenerCount('unhandledRejection')]).toEqual([['mine'], 1])
  })

  test('logs once, however many reactors run', () => {
    const [first, second] = [make(), make()]
    for (const { rejections } of [first, second]) rejections.install()
    raise(new ConnectionDone())
    expect([first.logged.length, second.logged.length]).toEqual([2, 0])
    expect(process.listenerCount('unhandledRejection')).toBe(1)
  })

  test('listens until the turn after its removal, unless it is installed again', async () => {
    const { rejections } = make()
    const count = (): number => process.listenerCount('unhandledRejection')
    rejections.install()
    rejections.install()
    rejections.remove()
    expect(count()).toBe(1)
    await nextTurn()
    expect(count()).toBe(0)
    rejections.install()
    rejections.remove()
    rejections.install()
    await nextTurn()
    expect(count()).toBe(1)
    rejections.remove()
    await nextTurn()
    expect(count()).toBe(0)
  })

  test.each([
    "new Error('mine')",
    '5',
    'undefined',
    '{ a: 1 }',
    "Object.assign(new Error('mine'), { code: 7 })",
  ])('leaves the rejection %s to Node, as without a reactor', async (reason) => {
    const fault = `\nsetTimeout(() => void Promise.reject(${reason}))`
    const [plain, running] = await Promise.all([
      runProgram(`void reactor.now()${fault}`),
      runProgram(`void reactor.run()${fault}`),
    ])
    expect(running).toEqual(plain)
    expect(running.code).toBe(1)
  })

  test('listens again when the program continues after uncaughtException', async () => {
    const { output, code } = await runProgram(`
      import { QueueClosed, logToStderr } from '@ropewalk/core'
      process.on('uncaughtException', (error, origin) => console.log(origin, error.message))
      reactor.logPublisher.removeObserver(logToStderr)
      reactor.logPublisher.addObserver(({ error }) => console.log('logged', error.message))
      reactor.callWhenRunning(() => {
        void Promise.reject(new Error('mine'))
        setTimeout(() => void Promise.reject(new QueueClosed('over')), 20)
        setTimeout(() => void Promise.reject(new Error('again')), 40)
        setTimeout(() => reactor.stop(), 60)
      })
      await reactor.run()
      await new Promise((resolve) => setImmediate(resolve))
      console.log(process.listenerCount('unhandledRejection'))`)
    const seen = ['unhandledRejection mine', 'logged over', 'unhandledRejection again', '0']
    expect([output, code]).toEqual([`${seen.join('\n')}\n`, 0])
  })
})
