import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Queue, QueueClosed, QueueOverflow, QueueUnderflow } from '../../src/time.ts'
import { Fifo } from '../../src/time/queue.ts'

describe('Queue', () => {
  test('matches values and calls of get in order, also the value undefined', async () => {
    const queue = new Queue<string | undefined>()
    const takers = [queue.get(), queue.get()]
    for (const value of ['a', undefined, 'b', undefined]) queue.put(value)
    expect([queue.waiting, queue.pending]).toEqual([0, 2])
    expect(await Promise.all([...takers, queue.get(), queue.get()])).toEqual(['a', undefined, 'b', undefined])
  })

  test('returns 100 000 values in order', async () => {
    const queue = new Queue<number>()
    const numbers = Array.from({ length: 100_000 }, (_, at) => at)
    for (const number of numbers) queue.put(number)
    queue.close()
    const taken: number[] = []
    for await (const number of queue) taken.push(number)
    expect(taken).toEqual(numbers)
  })

  test('overflows beyond its size, and does not count a value that a pending get takes', async () => {
    const queue = new Queue<string>({ size: 1 })
    const taker = queue.get()
    queue.put('taken')
    queue.put('kept')
    expect(() => queue.put('too much')).toThrow(QueueOverflow)
    expect([await taker, await queue.get(), queue.pending]).toEqual(['taken', 'kept', 0])
  })

  test('with size 0 accepts a value only while a get is pending', async () => {
    const queue = new Queue<string>({ size: 0 })
    expect(() => queue.put('early')).toThrow(QueueOverflow)
    const taker = queue.get()
    queue.put('in time')
    expect(await taker).toBe('in time')
  })

  test('rejects a get beyond the backlog', async () => {
    const queue = new Queue<string>({ backlog: 1 })
    const taker = queue.get()
    await expect(queue.get()).rejects.toBeInstanceOf(QueueUnderflow)
    await expect(queue[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(QueueUnderflow)
    queue.put('a')
    expect(await taker).toBe('a')
  })

  test.each([{ size: -1 }, { size: NaN }, { backlog: -1 }])('refuses the bounds %o', (bounds) => {
    expect(() => new Queue(bounds)).toThrow(RangeError)
  })

  describe('get with a signal', () => {
    test('removes a get from the backlog when its signal aborts', async () => {
      const [queue, controller] = [new Queue<string>({ backlog: 2 }), new AbortController()]
      const [given, patient] = [queue.get({ signal: controller.signal }), queue.get()]
      controller.abort('enough')
      await expect(given).rejects.toBe('enough')
      expect([queue.waiting, getEventListeners(controller.signal, 'abort')]).toEqual([1, []])
      queue.put('a')
      expect(await patient).toBe('a')
    })

    test('loses no value when abort and put are in the same turn', async () => {
      const queue = new Queue<string>()
      const [before, after] = [new AbortController(), new AbortController()]
      const [cancelled, served] = [queue.get(before), queue.get(after)]
      before.abort('enough')
      queue.put('a')
      after.abort('too late')
      await expect(cancelled).rejects.toBe('enough')
      await expect(served).resolves.toBe('a')
    })

    test('takes nothing when the signal has aborted before', async () => {
      const queue = new Queue<string>()
      queue.put('a')
      await expect(queue.get({ signal: AbortSignal.abort('before') })).rejects.toBe('before')
      expect(queue.pending).toBe(1)
    })
  })

  describe('close', () => {
    test('ends a loop when the queue is empty', async () => {
      const [queue, seen] = [new Queue<string>(), [] as string[]]
      queue.put('a')
      queue.put('b')
      queue.close()
      queue.close()
      for await (const value of queue) seen.push(value)
      expect(seen).toEqual(['a', 'b'])
      await expect(queue.get()).rejects.toBeInstanceOf(QueueClosed)
      expect(() => queue.put('c')).toThrow(QueueClosed)
    })

    test('ends every waiting loop, and rejects every pending get', async () => {
      const queue = new Queue<string>()
      const loop = (async () => {
        for await (const value of queue) expect.unreachable(value)
      })()
      const taker = queue.get().catch((error: unknown) => error)
      queue.close()
      await loop
      expect(await taker).toBeInstanceOf(QueueClosed)
      expect(queue.waiting).toBe(0)
    })
  })

  test('shares its values among several loops, and loses none after a break', async () => {
    const [queue, seen] = [new Queue<number>(), [] as number[]]
    const takeTwo = async (): Promise<void> => {
      let taken = 0
      for await (const value of queue) {
        seen.push(value)
        if (++taken === 2) break
      }
    }
    const loops = [takeTwo(), takeTwo()]
    for (const value of [1, 2, 3, 4, 5]) queue.put(value)
    await Promise.all(loops)
    expect([seen.toSorted((a, b) => a - b), queue.pending, queue.waiting]).toEqual([[1, 2, 3, 4], 1, 0])
  })
})

describe('Fifo', () => {
  const drain = (fifo: Fifo<string>): string => {
    let all = ''
    for (let entry = fifo.shift(); entry !== undefined; entry = fifo.shift()) all += entry.value
    return all
  }

  test('returns values in the order in which they were added', () => {
    const fifo = new Fifo<string>()
    for (const value of 'abc') fifo.push(value)
    expect([fifo.length, drain(fifo), fifo.length]).toEqual([3, 'abc', 0])
    fifo.push('d')
    expect([fifo.length, drain(fifo)]).toEqual([1, 'd'])
  })

  test.each([
    ['a', 'bcd'],
    ['b', 'acd'],
    ['d', 'abc'],
    ['ad', 'bc'],
    ['bc', 'ad'],
    ['dcb', 'a'],
    ['abcd', ''],
  ])('removes %s from abcd, keeps %s, and accepts more', (removed, left) => {
    const fifo = new Fifo<string>()
    const entries = new Map(Array.from('abcd', (value) => [value, fifo.push(value)]))
    for (const value of removed) fifo.remove(entries.get(value) ?? expect.unreachable())
    expect(fifo.length).toBe(left.length)
    fifo.push('e')
    expect(drain(fifo)).toBe(`${left}e`)
  })
})
