import type { Headers } from '../message/headers.ts'
import { reasonPhrase } from '../message/status.ts'

/**
 * A response's head as it is sent: status line, fields, empty line (RFC 9112 §4).
 *
 * @param reason The reason phrase where the registered one will not do; the caller has checked it.
 * @param framing Lines that the caller adds behind the headers, each with its CRLF.
 * @returns a string where all is ASCII, so that a body can be joined to it; else bytes.
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

/** The line before a chunk's data (RFC 9112 §7.1). */
export function chunkHead(bytes: number): string {
  return `${bytes.toString(16)}\r\n`
}

/** What ends a chunk's data. */
export const CHUNK_END = '\r\n'
/** The last chunk, without trailers. */
export const LAST_CHUNK = '0\r\n\r\n'

/**
 * The last chunk, with trailers behind it (RFC 9112 §7.1.2).
 *
 * @param trailers Fields that neither frame the message nor route it: the caller has seen to that.
 * @returns as `responseHead`.
 */
export function lastChunk(trailers: Headers): string | Buffer {
  const text = `0\r\n${trailers.toWire()}\r\n`
  return trailers.ascii ? text : Buffer.from(text, 'latin1')
}

const OK = 'HTTP/1.1 200 OK\r\n'
const NOT_ASCII = /[^\x20-\x7e]/
