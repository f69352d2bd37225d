import type { Headers } from '../message/headers.ts'
import { reasonPhrase } from '../message/status.ts'

/**
 * A response's head as it is sent: status line, fields, empty line (RFC 9112 §4).
 *
 * @param reason The reason phrase where the registered one will not do; the caller has checked it.
 */
export function responseHead(code: number, reason: string | undefined, headers: Headers): Buffer {
  const statusLine = reason === undefined ? usualStatusLine(code) : `HTTP/1.1 ${code} ${reason}\r\n`
  return Buffer.from(`${statusLine}${headers.toWire()}\r\n`, 'latin1')
}

function usualStatusLine(code: number): string {
  return code === 200 ? OK : `HTTP/1.1 ${code} ${reasonPhrase(code)}\r\n`
}

/** The line before a chunk's data (RFC 9112 §7.1). */
export function chunkHead(bytes: number): string {
  return `${bytes.toString(16)}\r\n`
}

/** What ends a chunk's data. */
export const CHUNK_END = '\r\n'
/** The last chunk, without trailers. */
export const LAST_CHUNK = '0\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\n'
