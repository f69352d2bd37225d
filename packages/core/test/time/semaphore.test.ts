import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/checks/check.ts'
import { type Held, Lock, Semaphore } from '../../src/time.ts'

describe('Semaphore', () => {
  /** All tokens are free, and no caller waits. */
  const expectWhole = (semaphore: Semaphore): void =>
    expect([semaphore.tokens, semaphore.waiting]).toEqual([semaphore.limit, 0])

  test('grants up to its limit, and serves the other callers in order', async () => {
    const [semaphore, order] = [new Semaphore(2), [] as number[]]
    const [first, second] = [await semaphore.acquire(), await semaphore.acquire()]
    const later = [3, 4, 5].map((number) =>
      semaphore.acquire().then((held) => {
        order.push(number)
        held.release()
      }),
    )
    expect([semaphore.tokens, semaphore.waiting]).toEqual([0, 3])
    second.release()
    await Promise.all(later)
    expect(order).toEqual([3, 4, 5])
    first.release()
    expectWhole(semaphore)
  })

  test('takes a token back once, by release or by disposal', async () => {
    const semaphore = new Semaphore(2)
    const held: Held = await semaphore.acquire()
    await semaphore.acquire()
    held.release()
    held.release()
    held[Symbol.dispose]()
    expect(semaphore.tokens).toBe(1)
  })

  test('passes a released token directly to the next waiting caller', async () => {
    const semaphore = new Semaphore(1)
    const first = await semaphore.acquire()
    const second = semaphore.acquire()
    first.release()
    const third = semaphore.acquire()
    expect([semaphore.tokens, semaphore.waiting]).toEqual([0, 1])
    ;(await second).release()
    ;(await third).release()
    expectWhole(semaphore)
  })

  describe('with a signal', () => {
    test('removes a waiting caller when its signal aborts, and loses no token', async () => {
      const [semaphore, controller] = [new Semaphore(1), new AbortController()]
      const first = await semaphore.acquire()
      const given = semaphore.acquire({ signal: controller.signal })
      const patient = semaphore.acquire()
      controller.abort('enough')
      await expect(given).rejects.toBe('enough')
      expect(semaphore.waiting).toBe(1)
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
      first.release()
      ;(await patient).release()
      expectWhole(semaphore)
    })

    test('passes the token on when the abort is just before the release', async () => {
      const [semaphore, controller] = [new Semaphore(1), new AbortController()]
      const first = await semaphore.acquire()
      const given = semaphore.acquire({ signal: controller.signal })
      const next = semaphore.acquire()
      controller.abort('enough')
      first.release()
      await expect(given).rejects.toBe('enough')
      ;(await next).release()
      expectWhole(semaphore)
    })

    test('has granted the token when the abort is just after the release', async () => {
      const [semaphore, controller] = [new Semaphore(1), new AbortController()]
      const first = await semaphore.acquire()
      const granted = semaphore.acquire({ signal: controller.signal })
      const next = semaphore.acquire()
      first.release()
      controller.abort('too late')
      ;(await granted).release()
      ;(await next).release()
      expectWhole(semaphore)
    })

    test('acquires nothing when the signal has aborted before, even if tokens are free', async () => {
      const semaphore = new Semaphore(1)
      await expect(semaphore.acquire({ signal: AbortSignal.abort('before') })).rejects.toBe('before')
      expectWhole(semaphore)
    })
  })

  describe('run', () => {
    test('resolves with the result of the call, and holds a token until then', async () => {
      const [semaphore, slow] = [new Semaphore(1), new Gate()]
      const result: Promise<string> = semaphore.run(() => slow.opened.then(() => 'result'))
      const next = semaphore.run(() => 'next')
      expect(semaphore.waiting).toBe(1)
      slow.open()
      expect(await Promise.all([result, next])).toEqual(['result', 'next'])
      expectWhole(semaphore)
    })

    test('releases the token when the call throws or rejects', async () => {
      const semaphore = new Semaphore(1)
      const thrown = semaphore.run(() => {
        throw new Error('thrown')
      })
      const rejected = semaphore.run(() => Promise.reject(new Error('rejected')))
      await expect(thrown).rejects.toThrow('thrown')
      await expect(rejected).rejects.toThrow('rejected')
      expectWhole(semaphore)
    })

    test('makes no call after an abort, even if the token was granted in the same turn', async () => {
      const [semaphore, controller] = [new Semaphore(1), new AbortController()]
      const first = await semaphore.acquire()
      const given = semaphore.run(expect.unreachable, { signal: controller.signal })
      first.release()
      controller.abort('enough')
      await expect(given).rejects.toBe('enough')
      expectWhole(semaphore)
    })
  })

  test.each([0, -1, 1.5, NaN, Infinity])('refuses a limit of %d', (limit) => {
    expect(() => new Semaphore(limit)).toThrow(RangeError)
  })
})

describe('Lock', () => {
  test('runs one call at a time, in order', async () => {
    const [lock, order, gates] = [new Lock(), [] as string[], [new Gate(), new Gate()] as const]
    const runs = gates.map((gate, at) =>
      lock.run(async () => {
        order.push(`in ${at}`)
        await gate.opened
        order.push(`out ${at}`)
      }),
    )
    expect([lock.locked, lock.waiting]).toEqual([true, 1])
    for (const gate of gates.toReversed()) gate.open()
    await Promise.all(runs)
    expect(order).toEqual(['in 0', 'out 0', 'in 1', 'out 1'])
    expect([lock.locked, lock.waiting]).toEqual([false, 0])
  })

  test('goes to the next waiting caller when one before it has cancelled', async () => {
    const [lock, controller] = [new Lock(), new AbortController()]
    const held = await lock.acquire()
    const given = [lock.acquire(controller), lock.run(expect.unreachable, controller)]
    const next = lock.acquire()
    controller.abort('enough')
    held.release()
    for (const attempt of given) await expect(attempt).rejects.toBe('enough')
    ;(await next)[Symbol.dispose]()
    expect(lock.locked).toBe(false)
  })
})
