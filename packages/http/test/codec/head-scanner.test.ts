import { ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { HeadScanner } from '../../src/codec/head-scanner.ts'
import { StatusLineScanner } from '../../src/codec/status-line-scanner.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nA: b\r\nC: d e\r\n\r\n'

function scanner(limits = { maxHeadBytes: 100, maxFieldCount: 10 }): HeadScanner {
  return new HeadScanner(new StatusLineScanner(100), limits)
}

describe('HeadScanner', () => {
  test('finds each head when it is whole, under every chunking', () => {
    for (const chunks of chunkings(Buffer.from(`${HEAD}${HEAD}`))) {
      const head = scanner()
      const input = new ByteQueue()
      const found: string[] = []
      for (const chunk of chunks) {
        input.push(Buffer.from(chunk))
        for (let text = head.find(input); text !== undefined; text = head.find(input)) {
          found.push(text)
          expect(head.fields(text)).toEqual(['A', 'b', 'C', 'd e'])
          head.skip(input)
        }
      }
      expect([found, input.length]).toEqual([[HEAD, HEAD], 0])
    }
  })

  test('leaves a head in the queue until it is skipped, and what follows', () => {
    const head = scanner()
    const input = new ByteQueue()
    input.push(Buffer.from(`${HEAD}rest`))
    expect(head.find(input)).toBe(HEAD)
    expect(input.length).toBe(HEAD.length + 4)
    head.skip(input)
    expect(input.takeUpTo(10)?.toString()).toBe('rest')
  })

  test('shows whether a head has begun', () => {
    const head = scanner()
    const input = new ByteQueue()
    expect(head.find(input)).toBeUndefined()
    expect(head.begun).toBe(false)
    input.push(Buffer.from(HEAD.slice(0, -1)))
    expect(head.find(input)).toBeUndefined()
    expect(head.begun).toBe(true)
    expect(input.length).toBe(HEAD.length - 1)
  })

  test('refuses more field lines than its limits', () => {
    const input = new ByteQueue()
    input.push(Buffer.from(HEAD))
    expect(() => scanner({ maxHeadBytes: 100, maxFieldCount: 1 }).find(input)).toThrow('field')
    expect(() => scanner({ maxHeadBytes: 5, maxFieldCount: 10 }).find(input)).toThrow('5 bytes')
  })
})
