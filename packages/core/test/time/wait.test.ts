import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
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
