import { describe, expect, test } from 'vitest'
import { OutputQueue } from '../../src/transport/output-queue.ts'

describe('OutputQueue', () => {
  const whole = (parts: readonly (Buffer | string)[]): Buffer =>
    Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  const text = (parts: readonly (Buffer | string)[]): string => whole(parts).toString()

  test('joins small pieces into one, in order', () => {
    const queue = new OutputQueue()
    for (const piece of ['one ', Buffer.from('two '), new Uint8Array([0x33])]) queue.push(piece)
    expect(queue.bytes).toBe(9)
    const parts = queue.take(100)
    expect(parts).toHaveLength(1)
    expect(text(parts)).toBe('one two 3')
    expect(queue.bytes).toBe(0)
  })

  test('counts strings as UTF-8', () => {
    const queue = new OutputQueue()
    queue.push('é')
    queue.push('€')
    expect(queue.bytes).toBe(5)
    expect(text(queue.take(100))).toBe('é€')
  })

  test('keeps large pieces by reference, between the small ones around them', () => {
    const queue = new OutputQueue()
    const large = Buffer.alloc(5000, 'L')
    queue.push('a')
    queue.push('b')
    queue.push(large)
    queue.push('c')
    const parts = queue.take(10_000)
    expect(parts.map((part) => part.length)).toEqual([2, 5000, 1])
    expect(parts[1]).toBe(large)
  })

  test('sends only the range of a large view that is not a Buffer', () => {
    const queue = new OutputQueue()
    const bytes = new Uint8Array(6000).fill(1, 1000, 5000)
    queue.push(bytes.subarray(1000, 5000))
    expect(whole(queue.take(10_000)).equals(Buffer.alloc(4000, 1))).toBe(true)
  })

  test('takes exactly the limit while there is more, and loses no bytes', () => {
    for (const limit of [1, 7, 2049, 5000, 20_000]) {
      const queue = new OutputQueue()
      const sent: string[] = []
      for (let i = 0; i < 40; i++) {
        const piece = String.fromCodePoint(97 + (i % 26)).repeat(i % 3 === 0 ? 3000 : i)
        queue.push(piece)
        sent.push(piece)
      }
      const taken: (Buffer | string)[] = []
      while (queue.bytes > 0) {
        const before = queue.bytes
        const parts = queue.take(limit)
        const length = parts.reduce((sum, part) => sum + part.length, 0)
        expect(length).toBe(Math.min(limit, before))
        expect(queue.bytes).toBe(before - length)
        taken.push(...parts)
      }
      expect(text(taken)).toBe(sent.join(''))
    }
  })

  test('does not encode a single small string, because the socket does so faster', () => {
    const queue = new OutputQueue()
    queue.push('é')
    expect(queue.take(100)).toEqual(['é'])
    expect(queue.bytes).toBe(0)
  })

  test('holds no empty pieces', () => {
    const queue = new OutputQueue()
    queue.push('')
    queue.push(new Uint8Array())
    expect(queue.take(10)).toEqual([])
  })

  test('is empty after clear', () => {
    const queue = new OutputQueue()
    queue.push('small')
    queue.push(Buffer.alloc(5000))
    queue.clear()
    queue.push('new')
    expect([queue.bytes, text(queue.take(10))]).toEqual([3, 'new'])
  })
})
