import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConnectionDone, ConnectionLost, ServiceStopped } from '../../src/errors.ts'
import { RemoteError } from '../../src/bytes/remote-error.ts'
import { UnhandledEnds } from '../../src/node/unhandled-ends.ts'

describe('UnhandledEnds', () => {
  const others = process.listeners('unhandledRejection')
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const raise = (reason: unknown): boolean => process.emit('unhandledRejection', reason, Promise.resolve())
  const make = (): { ends: UnhandledEnds; logged: unknown[] } => {
    const logged: unknown[] = []
    return { ends: new UnhandledEnds(({ level, error }) => logged.push(level, error)), logged }
  }

  beforeEach(() => void process.removeAllListeners('unhandledRejection'))
  afterEach(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of others) process.on('unhandledRejection', listener)
  })

  test('logs the end of a connection or a service, what it is the cause of and what a peer is refused for, and nothing else', () => {
    const { ends, logged } = make()
    ends.install()
    const end = new ConnectionLost()
    const aborted = new Error('aborted', { cause: new Error('between', { cause: new ConnectionDone() }) })
    const stopped = new ServiceStopped('over')
    const refused = new (class extends RemoteError {})('too much')
    for (const reason of [end, aborted, stopped, refused]) raise(reason)
    expect(logged).toEqual([end, aborted, stopped, refused].flatMap((error) => ['error', error]))
    const circle = new Error('circle')
    circle.cause = circle
    for (const reason of [circle, new TypeError('mine'), undefined]) {
      let thrown: unknown = 'nothing'
      try {
        raise(reason)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBe(reason)
    }
    expect(logged).toHaveLength(8)
  })

  test('leaves other rejections to a listener of the program', () => {
    const { ends } = make()
    const seen: unknown[] = []
    process.on('unhandledRejection', (reason) => seen.push(reason))
    ends.install()
    raise('mine')
    expect(seen).toEqual(['mine'])
  })

  test('logs once, however many reactors run', () => {
    const [first, second] = [make(), make()]
    for (const { ends } of [first, second]) ends.install()
    raise(new ConnectionDone())
    expect(() => raise('mine')).toThrow('mine')
    expect([first.logged.length, second.logged.length]).toEqual([2, 0])
    expect(process.listenerCount('unhandledRejection')).toBe(1)
  })

  test('listens until the turn after its removal, unless it is installed again', async () => {
    const { ends } = make()
    const count = (): number => process.listenerCount('unhandledRejection')
    ends.install()
    ends.install()
    ends.remove()
    expect(count()).toBe(1)
    await nextTurn()
    expect(count()).toBe(0)
    ends.install()
    ends.remove()
    ends.install()
    await nextTurn()
    expect(count()).toBe(1)
    ends.remove()
    await nextTurn()
    expect(count()).toBe(0)
  })
})
