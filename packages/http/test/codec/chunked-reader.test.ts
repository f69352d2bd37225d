import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { ChunkedReader } from '../../src/codec/chunked-reader.ts'
import { DEFAULT_HTTP_LIMITS } from '../../src/codec/limits.ts'
import { readBody } from './body-readers.ts'

describe('ChunkedReader', () => {
  test('ends a body at its last chunk, and leaves what follows', () => {
    for (const pieces of chunkings('5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\nGET')) {
      const reader = new ChunkedReader(DEFAULT_HTTP_LIMITS)
      expect(readBody(reader, pieces)).toEqual({ body: 'hello!', trailers: [], unread: 'GET' })
    }
  })

  test('reads trailers as fields', () => {
    for (const pieces of chunkings('0\r\nA: 1\r\nB:\t2 \r\n\r\nrest')) {
      const reader = new ChunkedReader(DEFAULT_HTTP_LIMITS)
      expect(readBody(reader, pieces)).toEqual({ body: '', trailers: ['A', '1', 'B', '2'], unread: 'rest' })
    }
  })

  test('keeps to a limit that changes on the way', () => {
    const reader = new ChunkedReader({ ...DEFAULT_HTTP_LIMITS, maxBodyBytes: 3 })
    const pieces = [Buffer.from('3\r\nabc\r\n')]
    expect(readBody(reader, pieces).body).toBe('abc')
    reader.limit(6)
    expect(readBody(reader, pieces).body).toBe('abc')
    expect(() => readBody(reader, [Buffer.from('1\r\n')])).toThrow('more than 6 bytes')
    expect(() => reader.limit(5)).toThrow('more than 5 bytes')
  })

  test('refuses a chunk longer than its size', () => {
    for (const pieces of chunkings('3\r\nabcd\r\n0\r\n\r\n')) {
      expect(() => readBody(new ChunkedReader(DEFAULT_HTTP_LIMITS), pieces)).toThrow('longer than its size')
    }
  })
})
