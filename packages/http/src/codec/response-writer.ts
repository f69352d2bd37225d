import type { Headers } from '../message/headers.ts'
import { reasonPhrase } from '../message/status.ts'

/**
 * Returns a response's head as it is sent: status line, fields, empty line (RFC 9112 §4).
 *
 * @param reason The reason phrase, if not the registered one; the caller has checked it.
 * @param framing Lines that the caller adds after the headers, each with its CRLF.
 * @returns a string when everything is ASCII, so that a body can be appended to it; otherwise bytes.
 */
export function responseHead(
  code: number,
  reason: string | undefined,
  headers: Headers,
  framing: string,
): string | Buffer {
  const head = `${statusLine(code, reason)}${headers.toWire()}${framing}\r\n`
  const ascii = headers.ascii && (reason === undefined || !NOT_ASCII.test(reason))
  return ascii ? head : Buffer.from(head, 'latin1')
}

function statusLine(code: number, reason: string | undefined): string {
  return code === 200 && reason === undefined ? OK : `HTTP/1.1 ${code} ${reason ?? reasonPhrase(code)}\r\n`
}

/** Returns the line before a chunk's data (RFC 9112 §7.1). */
export function chunkHead(bytes: number): string {
  return `${bytes.toString(16)}\r\n`
}

/** The line end after a chunk's data. */
export const CHUNK_END = '\r\n'
/** The last chunk, without trailers. */
export const LAST_CHUNK = '0\r\n\r\n'

/** Returns the last chunk, and the trailer section after it (RFC 9112 §7.1.2). */
export function lastChunk(trailers: Headers): string | Buffer {
  const end = `0\r\n${trailers.toWire()}\r\n`
  return trailers.ascii ? end : Buffer.from(end, 'latin1')
}

const OK = 'HTTP/1.1 200 OK\r\n'
const NOT_ASCII = /[^\x20-\x7e]/
