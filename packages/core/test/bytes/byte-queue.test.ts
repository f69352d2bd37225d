import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteQueue, LineTooLongError } from '../../src/bytes.ts'
import { assertBytes } from '../../src/bytes/byte-queue.ts'

function queueOf(...parts: (string | Uint8Array)[]): ByteQueue {
  const queue = new ByteQueue()
  for (const part of parts) queue.push(typeof part === 'string' ? Buffer.from(part) : part)
  return queue
}

describe('ByteQueue', () => {
  test('takes exactly the requested bytes, across chunks, or nothing', () => {
    const queue = queueOf('ab', 'cde', 'f')
    expect(queue.takeExactly(7)).toBeUndefined()
    expect(queue.takeExactly(4)?.toString()).toBe('abcd')
    expect(queue.length).toBe(2)
    expect(queue.takeExactly(2)?.toString()).toBe('ef')
    expect(queue.takeExactly(0)?.length).toBe(0)
  })

  test('takes up to a limit without joining', () => {
    const queue = queueOf('abc', Buffer.alloc(5000, 'd'))
    expect(queue.takeUpTo(2)?.toString()).toBe('ab')
    expect(queue.takeUpTo(100)?.toString()).toBe('c')
    expect(queue.takeUpTo(6000)?.length).toBe(5000)
    expect(queue.takeUpTo(1)).toBeUndefined()
  })

  test('peeks and views without taking', () => {
    const queue = queueOf('ab', 'cd')
    expect(queue.peek(3)?.toString()).toBe('abc')
    expect(queue.peek(5)).toBeUndefined()
    expect(queue.view().toString()).toBe('abcd')
    expect(queue.byteAt(2)).toBe(0x63)
    expect(queue.byteAt(4)).toBeUndefined()
    expect(queue.takeAll().toString()).toBe('abcd')
  })

  test('shows its first chunk, and where in it the next byte is', () => {
    const queue = new ByteQueue()
    expect([queue.front.length, queue.frontOffset]).toEqual([0, 0])
    const [first, second] = [Buffer.alloc(3000, 'a'), Buffer.alloc(3000, 'b')]
    queue.push(first)
    queue.push(second)
    queue.skip(10)
    expect([queue.front, queue.frontOffset]).toEqual([first, 10])
    queue.skip(2990)
    expect([queue.front, queue.frontOffset]).toEqual([second, 0])
  })

  test('takes lines when the delimiter is cut between chunks', () => {
    const queue = queueOf('one\r', '\ntwo\r\nthr')
    expect(queue.takeLine(10)?.toString()).toBe('one')
    expect(queue.takeLine(10)?.toString()).toBe('two')
    expect(queue.takeLine(10)).toBeUndefined()
    queue.push(Buffer.from('ee\rx\r\n'))
    expect(queue.takeLine(10)?.toString()).toBe('three\rx')
  })

  test('searches another delimiter from the start', () => {
    const queue = queueOf('a;b\r\n')
    expect(queue.takeLine(10, Buffer.from('!'))).toBeUndefined()
    expect(queue.takeLine(10, Buffer.from(';'))?.toString()).toBe('a')
    expect(queue.takeLine(10)?.toString()).toBe('b')
  })

  test('throws for a line beyond its limit, complete or not, and takes nothing', () => {
    expect(() => queueOf('abcd').takeLine(3)).toThrow(LineTooLongError)
    expect(() => queueOf('abcd\r\n').takeLine(3)).toThrow(LineTooLongError)
    expect(queueOf('abc\r').takeLine(3)).toBeUndefined()
    expect(queueOf('abc\r\n').takeLine(3)?.toString()).toBe('abc')
  })

  test('costs linear work for 1 MiB that arrives one byte at a time, whatever is called meanwhile', () => {
    const mebibyte = 1 << 20
    for (const ask of [
      (queue: ByteQueue) => queue.takeLine(mebibyte),
      (queue: ByteQueue) => queue.takeExactly(mebibyte + 1),
      (queue: ByteQueue) => queue.view(),
      (queue: ByteQueue) => queue.peek(14),
    ]) {
      const queue = new ByteQueue()
      for (let i = 0; i < mebibyte; i++) {
        queue.push(Uint8Array.of(i & 0x7f ? 0x61 : 0x62))
        ask(queue)
      }
      expect(queue.length).toBe(mebibyte)
      expect(queue.workBytes).toBeLessThan(16 * mebibyte)
    }
  })

  test('a small piece never keeps the large chunk it was received in', () => {
    const queue = queueOf(Buffer.allocUnsafeSlow(65_536))
    expect(queue.takeExactly(1)!.buffer.byteLength).toBeLessThanOrEqual(16_384)
    expect(queue.takeUpTo(2)!.buffer.byteLength).toBeLessThanOrEqual(16_384)
    queue.takeExactly(65_536 - 3 - 5)
    expect(queue.length).toBe(5)
    expect(queue.peek(5)!.buffer.byteLength).toBeLessThanOrEqual(16_384)
  })

  test('behaves like one long Buffer under any sequence of calls', () => {
    const call = fc.oneof(
      fc.record({ push: fc.uint8Array({ maxLength: 300 }) }),
      fc.record({
        push: fc.integer({ min: 2000, max: 70_000 }).map((n) => new Uint8Array(n).fill(n & 0xff)),
      }),
      fc.record({ exactly: fc.nat(5000) }),
      fc.record({ upTo: fc.nat(5000) }),
      fc.record({ line: fc.constantFrom('a', 'ab') }),
      fc.record({ view: fc.constant(true) }),
      fc.record({ peek: fc.nat(500) }),
    )
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const queue = new ByteQueue()
        let model = Buffer.alloc(0)
        const took = (bytes: Uint8Array | undefined, extra = 0): void => {
          if (bytes === undefined) return
          expect(Buffer.compare(bytes, model.subarray(0, bytes.length))).toBe(0)
          model = model.subarray(bytes.length + extra)
        }
        for (const it of calls) {
          if ('push' in it) {
            queue.push(it.push)
            model = Buffer.concat([model, it.push])
          } else if ('exactly' in it) took(queue.takeExactly(it.exactly))
          else if ('upTo' in it) took(queue.takeUpTo(it.upTo))
          else if ('line' in it) {
            const at = model.indexOf(it.line)
            const line = queue.takeLine(Infinity, Buffer.from(it.line))
            expect(line?.length).toBe(at < 0 ? undefined : at)
            took(line, it.line.length)
          } else if ('view' in it) expect(Buffer.compare(queue.view(), model)).toBe(0)
          else expect(queue.peek(it.peek)?.length).toBe(it.peek <= model.length ? it.peek : undefined)
          expect(queue.length).toBe(model.length)
        }
        expect(Buffer.compare(queue.takeAll(), model)).toBe(0)
      }),
    )
  })
})

test('assertBytes accepts bytes and strings, and names the type of anything else', () => {
  for (const data of ['', 'text', Buffer.alloc(1), new Uint8Array(0)])
    expect(() => assertBytes(data)).not.toThrow()
  for (const data of [null, undefined, 7, {}, [1]]) {
    expect(() => assertBytes(data)).toThrow(/Cannot write \w+: give a Uint8Array or a string/)
  }
})
