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

/**
 * Writes the beginning of heads: status line and fields. It keeps the last one, because most responses of a server differ
 * from the one before only in their length: 7 % of the time of a short request.
 *
 * Nothing that it returns depends on what it keeps, so that all connections can share one writer.
 */
export class HeadWriter {
  #code = 0
  #fields: readonly string[] = []
  #typeLine = ''
  #lines = ''
  #text = ''
  #repeated = false

  /**
   * Returns the beginning of a head, to which the caller adds lines and the empty line.
   *
   * @param headers Only of ASCII.
   * @param typeLine A line after the headers, with its CRLF, or ''. So is `lines`; both may be several.
   */
  write(code: number, headers: Headers, typeLine: string, lines: string): string {
    if (this.#keeps(code, headers.fields, typeLine, lines)) {
      // One string in the place of many parts, once it is known that it serves more than once.
      if (!this.#repeated) this.#text = Buffer.from(this.#text, 'latin1').toString('latin1')
      this.#repeated = true
      return this.#text
    }
    this.#code = code
    this.#fields = [...headers.fields]
    this.#typeLine = typeLine
    this.#lines = lines
    this.#repeated = false
    this.#text = `${statusLine(code, undefined)}${headers.toWire()}${typeLine}${lines}`
    return this.#text
  }

  #keeps(code: number, fields: readonly string[], typeLine: string, lines: string): boolean {
    if (code !== this.#code || lines !== this.#lines || typeLine !== this.#typeLine) return false
    const kept = this.#fields
    if (fields.length !== kept.length) return false
    for (let at = 0; at < fields.length; at++) if (fields[at] !== kept[at]) return false
    return true
  }
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
