import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { MalformedResponseError, ResponseReader } from '../../src/testing/response-reader.ts'

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Reads a response in every chunking, and returns what all of them agree on. */
function read(text: string, method = 'GET', ended = false): string {
  const results = new Set<string>()
  for (const pieces of chunkings(ascii(text))) results.add(readPieces(pieces, method, ended))
  expect(results.size).toBe(1)
  return [...results].join()
}

function readPieces(pieces: readonly Uint8Array[], method: string, ended: boolean): string {
  const reader = new ResponseReader(method)
  try {
    for (const piece of pieces) reader.push(piece)
  } catch (error) {
    if (!(error instanceof MalformedResponseError)) throw error
    // What is quoted depends on how much had arrived.
    return error.message.replace(/\d+ bytes follow it: .*/, 'bytes follow it')
  }
  if (ended) reader.end()
  const { head, body, trailers, complete, informational } = reader
  const early = informational.map(({ status }) => `${status} `).join('')
  const unread = reader.upgraded ? ` then ${reader.takeUnread().toString('latin1')}` : ''
  const after = [...trailers].map((field) => ` ${field.join('=')}`).join('')
  return `${early}${head?.status ?? 'none'} ${body.toString('latin1')}${after}${unread}${complete ? '' : ' …'}`
}

const OK = 'HTTP/1.1 200 OK\r\n'

describe('ResponseReader', () => {
  test.each([
    ['a body with a length', `${OK}Content-Length: 3\r\n\r\nabc`, '200 abc'],
    ['an empty body', `${OK}Content-Length: 0\r\n\r\n`, '200 '],
    ['a part of a body', `${OK}Content-Length: 3\r\n\r\nab`, '200 ab …'],
    [
      'chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\nA\r\n0123456789\r\n0\r\n\r\n`,
      '200 ab0123456789',
    ],
    ['trailers', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\nB: 2\r\n\r\n`, '200  A=1 B=2'],
    ['a part of the chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`, '200 ab …'],
    ['an empty reason', 'HTTP/1.1 204 \r\n\r\n', '204 '],
    [
      'a 304 with the length of what it does not send',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n',
      '304 ',
    ],
    [
      'informational responses',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 1\r\n\r\na`,
      '100 103 200 a',
    ],
    [
      'a 101, and leaves what follows',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello',
      '101  then hello',
    ],
    ['a part of a head', 'HTTP/1.1 200 OK\r\nA: b\r\n', 'none  …'],
  ])('reads %s', (_what, text, expected) => {
    expect(read(text)).toBe(expected)
  })

  test('reads no body in response to HEAD', () => {
    expect(read(`${OK}Content-Length: 3\r\n\r\n`, 'HEAD')).toBe('200 ')
    expect(read(`${OK}Transfer-Encoding: chunked\r\n\r\n`, 'HEAD')).toBe('200 ')
    expect(read(`${OK}Content-Length: 3\r\n\r\nabc`, 'HEAD')).toBe(
      'Cannot read the response, bytes follow it',
    )
  })

  test('reads a body that the end of the connection delimits', () => {
    expect(read(`${OK}\r\nabc`)).toBe('200 abc …')
    expect(read(`${OK}\r\nabc`, 'GET', true)).toBe('200 abc')
    expect(read(`${OK}Content-Length: 4\r\n\r\nabc`, 'GET', true)).toBe('200 abc …')
  })

  test.each([
    ['another version', 'HTTP/1.0 200 OK\r\n\r\n', 'its status line is wrong: "HTTP/1.0 200 OK"'],
    ['a line before the response', '\r\nHTTP/1.1 200 OK\r\n\r\n', 'its status line is wrong: ""'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'its status line is wrong: "HTTP/1.1 20 OK"'],
    ['a field without a colon', `${OK}nonsense\r\n\r\n`, 'a field line is wrong: "nonsense"'],
    ['a blank before the colon', `${OK}A : b\r\n\r\n`, 'a field line is wrong: "A : b"'],
    ['a folded line', `${OK}A: b\r\n c: d\r\n\r\n`, 'a field line is wrong: " c: d"'],
    ['a control character', `${OK}A: \x01\r\n\r\n`, String.raw`a field line is wrong: "A: \u0001"`],
    ['a bare line feed', `${OK}A: b\nC: d\r\n\r\n`, String.raw`a field line is wrong: "A: b\nC: d"`],
    [
      'two lengths',
      `${OK}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
      'its Content-Length is wrong: "1, 1"',
    ],
    ['a signed length', `${OK}Content-Length: +1\r\n\r\na`, 'its Content-Length is wrong: "+1"'],
    [
      'length and coding',
      `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      'it has both Content-Length and Transfer-Encoding',
    ],
    [
      'another coding',
      `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`,
      'its Transfer-Encoding is not chunked: "gzip, chunked"',
    ],
    [
      'a 204 with a length',
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
      'status 204 has no body, and states one',
    ],
    [
      'a 100 in chunks',
      'HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n',
      'status 100 has no body, and states one',
    ],
    ['a chunk without a size', `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 'a chunk has no size: "zz"'],
    [
      'a chunk longer than its size',
      `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n`,
      'a chunk has no line end: "bc"',
    ],
    [
      'a wrong trailer',
      `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nA\r\n\r\n`,
      'a field line is wrong: "A"',
    ],
    ['a second response', `${OK}Content-Length: 0\r\n\r\n${OK}\r\n`, 'bytes follow it'],
  ])('refuses %s', (_what, text, why) => {
    expect(read(text)).toBe(`Cannot read the response, ${why}`)
  })

  test('refuses a line of more than 1 MiB', () => {
    expect(readPieces([ascii(OK), ascii('a'.repeat(1_048_577))], 'GET', false)).toContain(
      'a line is too long',
    )
  })
})
