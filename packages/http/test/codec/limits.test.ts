import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { Violation } from '../../src/errors.ts'
import { DEFAULT_HTTP_LIMITS, type HTTPLimits } from '../../src/codec/limits.ts'
import { readRequests } from './read-requests.ts'

const HEAD = 'POST / HTTP/1.1\r\nHost: h\r\n'
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`

/** For each limit: a request of exactly `size`, and the violation that refuses the next byte. */
const AT_LIMIT: { readonly [limit in keyof HTTPLimits]: readonly [(size: number) => string, Violation] } = {
  maxRequestLineBytes: [
    (size) => `GET /${'a'.repeat(size - 'GET / HTTP/1.1'.length)} HTTP/1.1\r\nHost: h\r\n\r\n`,
    'request-line-too-long',
  ],
  maxHeadBytes: [
    (size) => `GET / HTTP/1.1\r\nHost: h\r\nX: ${'a'.repeat(size - 'Host: h\r\nX: \r\n\r\n'.length)}\r\n\r\n`,
    'head-too-large',
  ],
  maxFieldCount: [
    (size) => `GET / HTTP/1.1\r\nHost: h\r\n${'X: y\r\n'.repeat(size - 1)}\r\n`,
    'too-many-fields',
  ],
  maxBodyBytes: [(size) => `${HEAD}Content-Length: ${size}\r\n\r\n${'a'.repeat(size)}`, 'body-too-large'],
  maxChunkExtensionBytes: [
    (size) => `${CHUNKED}1;${'e'.repeat(size - 1)}\r\nx\r\n0\r\n\r\n`,
    'chunk-extensions-too-large',
  ],
  maxTrailerBytes: [
    (size) => `${CHUNKED}0\r\nT: ${'a'.repeat(size - 'T: \r\n\r\n'.length)}\r\n\r\n`,
    'trailers-too-large',
  ],
}

describe.each(Object.entries(AT_LIMIT))('%s', (name, [request, violation]) => {
  const SIZE = 100

  function read(size: number, pieces: (text: string) => Iterable<Uint8Array>): unknown {
    const { requests, refused } = readRequests(pieces(request(size)), { [name]: SIZE })
    return refused?.violation ?? requests.map(({ ended }) => ended)
  }

  test('accepts a request at the limit, and refuses the next byte by its own rule, in any chunking', () => {
    for (const pieces of chunkings(request(SIZE))) expect(read(SIZE, () => pieces)).toEqual([true])
    for (const pieces of chunkings(request(SIZE + 1))) expect(read(SIZE + 1, () => pieces)).toBe(violation)
  })

  test('applies by default', () => {
    const size = DEFAULT_HTTP_LIMITS[name as keyof HTTPLimits]
    const whole = (text: string): Uint8Array[] => [Buffer.from(text)]
    expect(readRequests(whole(request(size))).refused).toBeUndefined()
    expect(readRequests(whole(request(size + 1))).refused?.violation).toBe(violation)
  })
})

test('counts a chunked body over all its chunks', () => {
  const chunks = (last: string): Uint8Array[] => [Buffer.from(`${CHUNKED}3\r\nabc\r\n${last}0\r\n\r\n`)]
  expect(readRequests(chunks('2\r\nde\r\n'), { maxBodyBytes: 5 }).requests[0]?.body).toBe('abcde')
  expect(readRequests(chunks('3\r\ndef\r\n'), { maxBodyBytes: 5 }).refused?.violation).toBe('body-too-large')
})

test('counts extensions and trailers over a whole message', () => {
  const extended = (...bytes: number[]): Uint8Array[] => [
    Buffer.from(`${CHUNKED}${bytes.map((count) => `1;${'e'.repeat(count - 1)}\r\nx\r\n`).join('')}0\r\n\r\n`),
  ]
  expect(readRequests(extended(50, 50), { maxChunkExtensionBytes: 100 }).refused).toBeUndefined()
  expect(readRequests(extended(50, 51), { maxChunkExtensionBytes: 100 }).refused?.violation).toBe(
    'chunk-extensions-too-large',
  )
  const trailers = (count: number): Uint8Array[] => [
    Buffer.from(`${CHUNKED}0\r\n${'T: a\r\n'.repeat(count)}\r\n`),
  ]
  expect(readRequests(trailers(3), { maxFieldCount: 3 }).refused).toBeUndefined()
  expect(readRequests(trailers(4), { maxFieldCount: 3 }).refused?.violation).toBe('too-many-fields')
})
