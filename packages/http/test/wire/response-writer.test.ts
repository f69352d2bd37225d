import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { CHUNK_END, chunkHead, LAST_CHUNK, responseHead } from '../../src/wire/response-writer.ts'

describe('responseHead', () => {
  test('writes status line, fields and framing', () => {
    const headers = new Headers()
    headers.addRawHeader('A', '1')
    headers.addRawHeader('a', '2')
    expect(responseHead(200, undefined, headers, 'B: 3\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nB: 3\r\n\r\n',
    )
    expect(responseHead(799, 'Weird', new Headers(), '')).toBe('HTTP/1.1 799 Weird\r\n\r\n')
    expect(responseHead(599, undefined, new Headers(), '')).toBe('HTTP/1.1 599 Unknown Status\r\n\r\n')
  })

  test('writes what is not ASCII as the bytes it stands for', () => {
    const headers = new Headers()
    headers.addRawHeader('A', '\xe9')
    expect(responseHead(200, undefined, headers, '')).toEqual(
      Buffer.from('HTTP/1.1 200 OK\r\nA: \xe9\r\n\r\n', 'latin1'),
    )
    expect(responseHead(200, '\xfc', new Headers(), '')).toEqual(
      Buffer.from('HTTP/1.1 200 \xfc\r\n\r\n', 'latin1'),
    )
  })

  test('frames chunks', () => {
    expect(chunkHead(255) + CHUNK_END + LAST_CHUNK).toBe('ff\r\n\r\n0\r\n\r\n')
  })
})
