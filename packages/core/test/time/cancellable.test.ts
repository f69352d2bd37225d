import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { sleep } from '../../src/index.ts'
import { Clock } from '../../src/testing.ts'
import { Lock, Queue } from '../../src/time.ts'
import { onAbort, untilAborted, wait, whenAborted } from '../../src/time/cancellable.ts'

describe('wait', () => {
  test('resolves with the value passed to done, and leaves no listener', async () => {
    const { signal } = new AbortController()
    const callbacks: ((value: string) => void)[] = []
    const waiting = wait<string>({ signal }, (done) => {
      callbacks.push(done)
      return expect.unreachable
    })
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    for (const done of callbacks) done('here')
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await expect(waiting).resolves.toBe('here')
  })

  test("is cancelled once, and rejects with the signal's reason", async () => {
    const [controller, cancelled] = [new AbortController(), [] as string[]]
    const waiting = wait({ signal: controller.signal }, () => () => cancelled.push('cancelled'))
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')
    expect(cancelled).toEqual(['cancelled'])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('causes no unhandled rejection when it is cancelled and not awaited', async () => {
    const controller = new AbortController()
    void wait({ signal: controller.signal }, () => () => undefined).then(() => expect.unreachable())
    void new Lock().run(() => wait(controller, () => () => undefined), controller)
    void new Queue().get(controller)
    void sleep(1, { reactor: new Clock(), signal: controller.signal }).finally(() => undefined)
    controller.abort(new Error('enough'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(controller.signal.aborted).toBe(true)
  })

  test('resolves when done is called before the abort, also in the same turn', async () => {
    const controller = new AbortController()
    const callbacks: ((value: string) => void)[] = []
    const waiting = wait<string>(controller, (done) => {
      callbacks.push(done)
      return expect.unreachable
    })
    for (const done of callbacks) done('first')
    controller.abort()
    await expect(waiting).resolves.toBe('first')
  })

  test('does not begin when the signal has aborted before', async () => {
    await expect(wait({ signal: AbortSignal.abort('before') }, () => expect.unreachable())).rejects.toBe(
      'before',
    )
  })

  test('rejects with the error of begin, and leaves no listener', async () => {
    const { signal } = new AbortController()
    const waiting = wait({ signal }, () => {
      throw new RangeError('mine')
    })
    await expect(waiting).rejects.toThrow('mine')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('untilAborted', () => {
  test('settles as the promise does', async () => {
    const { signal } = new AbortController()
    expect(await untilAborted(Promise.resolve(7), signal)).toBe(7)
    const why = new Error('why')
    await expect(untilAborted(Promise.reject(why), signal)).rejects.toBe(why)
  })

  test("rejects with the signal's reason, and leaves no listener", async () => {
    const controller = new AbortController()
    const waiting = untilAborted(new Promise(() => undefined), controller.signal)
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')
    await untilAborted(Promise.resolve(), new AbortController().signal)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})

test('whenAborted resolves with the reason, also when the signal has aborted before', async () => {
  const controller = new AbortController()
  const aborted = whenAborted(controller.signal)
  controller.abort('enough')
  expect([await aborted, await whenAborted(controller.signal)]).toEqual(['enough', 'enough'])
})

describe('onAbort', () => {
  test('calls once, at once when the signal has aborted before', () => {
    const [controller, called] = [new AbortController(), [] as string[]]
    onAbort(controller.signal, () => called.push('later'))
    expect(called).toEqual([])
    controller.abort()
    onAbort(controller.signal, () => called.push('at once'))
    expect(called).toEqual(['later', 'at once'])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('does not call after its listener was removed, or without a signal', () => {
    const controller = new AbortController()
    onAbort(controller.signal, expect.unreachable)()
    onAbort(undefined, expect.unreachable)()
    controller.abort()
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})
