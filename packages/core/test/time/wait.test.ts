import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { Lock } from '../../src/time/lock.ts'
import { Queue } from '../../src/time/queue.ts'
import { sleep } from '../../src/time/sleep.ts'
import { wait } from '../../src/time/wait.ts'

describe('wait', () => {
  test('resolves with what it is told, and leaves the signal alone', async () => {
    const { signal } = new AbortController()
    const told: ((value: string) => void)[] = []
    const waiting = wait<string>({ signal }, (done) => {
      told.push(done)
      return expect.unreachable
    })
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    for (const done of told) done('here')
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await expect(waiting).resolves.toBe('here')
  })

  test("gives up once, with the signal's reason", async () => {
    const [controller, gaveUp] = [new AbortController(), [] as string[]]
    const waiting = wait({ signal: controller.signal }, () => () => gaveUp.push('gave up'))
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')
    expect(gaveUp).toEqual(['gave up'])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('is no unhandled rejection when it is given up and no code waits for it', async () => {
    const controller = new AbortController()
    void wait({ signal: controller.signal }, () => () => undefined).then(() => expect.unreachable())
    void new Lock().run(() => wait(controller, () => () => undefined), controller)
    void new Queue().get(controller)
    void sleep(1, { reactor: new Clock(), signal: controller.signal }).finally(() => undefined)
    controller.abort(new Error('enough'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(controller.signal.aborted).toBe(true)
  })

  test('keeps what came before the signal, in the same turn too', async () => {
    const controller = new AbortController()
    const told: ((value: string) => void)[] = []
    const waiting = wait<string>(controller, (done) => {
      told.push(done)
      return expect.unreachable
    })
    for (const done of told) done('first')
    controller.abort()
    await expect(waiting).resolves.toBe('first')
  })

  test('does not begin when it is given up before', async () => {
    await expect(wait({ signal: AbortSignal.abort('before') }, () => expect.unreachable())).rejects.toBe(
      'before',
    )
  })

  test('rejects with what its beginning throws, and leaves the signal alone', async () => {
    const { signal } = new AbortController()
    const waiting = wait({ signal }, () => {
      throw new RangeError('mine')
    })
    await expect(waiting).rejects.toThrow('mine')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
