import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { ChunkedReader, parseChunkSize } from '../../src/codec/chunked-reader.ts'
import { DEFAULT_HTTP_LIMITS } from '../../src/codec/limits.ts'
import { readBody } from './body-readers.ts'

describe('ChunkedReader', () => {
  test('ends a body at its last chunk, and leaves the bytes after it', () => {
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

  test('accepts chunks of maxBodyBytes in all, and refuses one byte more', () => {
    const reader = new ChunkedReader({ ...DEFAULT_HTTP_LIMITS, maxBodyBytes: 6 })
    const pieces = [Buffer.from('3\r\nabc\r\n')]
    expect(readBody(reader, pieces).body).toBe('abc')
    expect(readBody(reader, pieces).body).toBe('abc')
    expect(() => readBody(reader, [Buffer.from('1\r\n')])).toThrow('more than 6 bytes')
  })

  test('refuses a chunk longer than its size', () => {
    for (const pieces of chunkings('3\r\nabcd\r\n0\r\n\r\n')) {
      expect(() => readBody(new ChunkedReader(DEFAULT_HTTP_LIMITS), pieces)).toThrow('longer than its size')
    }
  })
})

describe('parseChunkSize', () => {
  test('reads hexadecimal, and counts the bytes after it', () => {
    expect(parseChunkSize('0')).toEqual({ bytes: 0, extensionBytes: 0 })
    expect(parseChunkSize('00aF')).toEqual({ bytes: 0xaf, extensionBytes: 0 })
    expect(parseChunkSize('1ffffffffffffe;a="b\\"c"').bytes).toBe(0x1ffffffffffffe)
    expect(parseChunkSize('5;abc=d').extensionBytes).toBe(6)
    expect(parseChunkSize(`${'0'.repeat(100)}5;a`)).toEqual({ bytes: 5, extensionBytes: 71 })
  })

  test('refuses sizes above the largest safe integer, and malformed ones', () => {
    expect(() => parseChunkSize('20000000000000')).toThrow('Cannot accept chunk size')
    for (const line of ['', 'x', '0x5', '5 ', '5;', '5;a=', '5;a="', '5 a']) {
      expect(() => parseChunkSize(line), line).toThrow('Cannot read chunk size')
    }
  })

  test('checks long extensions in linear time', () => {
    const line = `5${';a=b'.repeat(4000)}${' '.repeat(16_000)}x`
    const start = process.cpuUsage().user
    expect(() => parseChunkSize(line)).toThrow('Cannot read chunk size')
    expect(process.cpuUsage().user - start).toBeLessThan(500_000)
  })
})
