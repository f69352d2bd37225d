import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/checks/assertions.ts'
import { type Held, Lock, Semaphore } from '../../src/time/semaphore.ts'

describe('Semaphore', () => {
  /** Every place is free again, and nobody waits. */
  const expectWhole = (semaphore: Semaphore): void =>
    expect([semaphore.tokens, semaphore.waiting]).toEqual([semaphore.limit, 0])

  test('lets in as many as it may, the others in the order they came', async () => {
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

  test('takes a place back once, by release or by disposal', async () => {
    const semaphore = new Semaphore(2)
    const held: Held = await semaphore.acquire()
    await semaphore.acquire()
    held.release()
    held.release()
    held[Symbol.dispose]()
    expect(semaphore.tokens).toBe(1)
  })

  test('hands a place straight on: who comes in between waits', async () => {
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
    test('removes who gives up, and loses no place (statement 130)', async () => {
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

    test('passes the place on when the abort comes just before the release (statement 130)', async () => {
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

    test('has granted the place when the abort comes just after the release (statement 130)', async () => {
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

    test('acquires nothing when it has aborted before, though places are free', async () => {
      const semaphore = new Semaphore(1)
      await expect(semaphore.acquire({ signal: AbortSignal.abort('before') })).rejects.toBe('before')
      expectWhole(semaphore)
    })
  })

  describe('run', () => {
    test('answers what the call answers, holding a place until it is done', async () => {
      const [semaphore, slow] = [new Semaphore(1), new Gate()]
      const answer: Promise<string> = semaphore.run(() => slow.opened.then(() => 'answer'))
      const next = semaphore.run(() => 'next')
      expect(semaphore.waiting).toBe(1)
      slow.open()
      expect(await Promise.all([answer, next])).toEqual(['answer', 'next'])
      expectWhole(semaphore)
    })

    test('gives the place back when the call throws or rejects', async () => {
      const semaphore = new Semaphore(1)
      const thrown = semaphore.run(() => {
        throw new Error('thrown')
      })
      const rejected = semaphore.run(() => Promise.reject(new Error('rejected')))
      await expect(thrown).rejects.toThrow('thrown')
      await expect(rejected).rejects.toThrow('rejected')
      expectWhole(semaphore)
    })

    test('does not call who gave up, also in the turn in which the place was granted (statement 130)', async () => {
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
  test('lets one in at a time, in the order they came', async () => {
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

  test('is free for the next when a waiter gave up (statement 130)', async () => {
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
