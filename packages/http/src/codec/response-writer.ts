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

/** The parts of a head, in the order in which they are sent. Lines have their CRLF. */
export interface HeadParts {
  readonly code: number
  readonly headers: Headers
  /** The line of a default Content-Type; '' or left out when there is none. */
  readonly typeLine?: string
  /** The line of Date; '' when the headers have one. */
  readonly dateLine: string
  /** The lines of an error page. */
  readonly pageLines?: string
}

/** Returns the lines that follow the headers. */
export function addedLines({ typeLine = '', dateLine, pageLines = '' }: HeadParts): string {
  return typeLine + dateLine + pageLines
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
  #dateLine = ''
  #pageLines = ''
  #text = ''
  #repeated = false

  /** Returns the beginning of a head, to which the caller adds lines and the empty line. Its headers are ASCII. */
  write(head: HeadParts): string {
    if (this.#keeps(head)) {
      // One string in the place of many parts, once it is known that it serves more than once.
      if (!this.#repeated) this.#text = Buffer.from(this.#text, 'latin1').toString('latin1')
      this.#repeated = true
      return this.#text
    }
    const { code, headers, typeLine = '', dateLine, pageLines = '' } = head
    this.#code = code
    this.#fields = [...headers.fields]
    this.#typeLine = typeLine
    this.#dateLine = dateLine
    this.#pageLines = pageLines
    this.#repeated = false
    this.#text = `${statusLine(code, undefined)}${headers.toWire()}${addedLines(head)}`
    return this.#text
  }

  /** Compares part by part: most of them are the same strings, and what is joined from them is not. */
  #keeps({ code, headers, typeLine = '', dateLine, pageLines = '' }: HeadParts): boolean {
    if (code !== this.#code || dateLine !== this.#dateLine) return false
    if (typeLine !== this.#typeLine || pageLines !== this.#pageLines) return false
    const kept = this.#fields
    const { fields } = headers
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
