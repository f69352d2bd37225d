import { isToken } from '../message/field-grammar.ts'
import { Headers } from '../message/headers.ts'

/** Header fields: pairs, or an object in which a name may have several values. */
export type GivenHeaders =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * A body. A string and bytes are sent with a Content-Length, and so is a form, with its Content-Type. The
 * pieces of an iterable are sent in chunks, one segment each.
 */
export type RequestContent =
  | string
  | Uint8Array
  | URLSearchParams
  | FormData
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>

/** What a request is made of. */
export interface RequestParts {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  /** undefined for no body; with pieces, the request is sent in chunks. */
  readonly content: string | Uint8Array | Pieces | undefined
  /** Fields after the last chunk. */
  readonly trailers: Headers
}

type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/** Copies header fields. @throws {TypeError} when one cannot be sent. */
export function headersOf(given: GivenHeaders | undefined): Headers {
  const headers = new Headers()
  if (given === undefined) return headers
  const fields = Symbol.iterator in given ? given : Object.entries(given)
  for (const [name, value] of fields as Iterable<readonly [string, string | readonly string[] | undefined]>) {
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value as string]
    for (const one of values) headers.addRawHeader(name, one)
  }
  return headers
}

/** Whether a body is sent in chunks. */
export function isInPieces(content: RequestParts['content']): content is Pieces {
  return typeof content === 'object' && !(content instanceof Uint8Array)
}

/**
 * Returns the head of a request. What the headers do not have is added: Host, and the length or the coding of the
 * body. A Content-Length or Transfer-Encoding that a test gives is sent as it is, right or wrong.
 */
export function requestHead({ method, path, headers, content }: RequestParts): string {
  const added = new Headers()
  if (!headers.hasHeader('host')) added.addRawHeader('Host', 'localhost')
  if (content !== undefined && !statesFraming(headers)) {
    if (isInPieces(content)) added.addRawHeader('Transfer-Encoding', 'chunked')
    else added.addRawHeader('Content-Length', String(Buffer.byteLength(content)))
  }
  return `${method} ${path} HTTP/1.1\r\n${added.toWire()}${headers.toWire()}\r\n`
}

/** Whether a test has decided how the body is delimited. Pieces are then sent as they are. */
export function statesFraming(headers: Headers): boolean {
  return headers.hasHeader('content-length') || headers.hasHeader('transfer-encoding')
}

/** Returns one chunk (RFC 9112 §7.1). */
export function chunk(piece: string | Uint8Array): Buffer {
  const data = Buffer.from(piece as string)
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')])
}

/** Returns the last chunk, with its trailers. */
export function lastChunk(trailers: Headers): string {
  return `0\r\n${trailers.toWire()}\r\n`
}

/** Whether a text can be the target of a request line. A strict server refuses it otherwise, before the site. */
export function isTarget(path: string): boolean {
  return /^[\x21-\x7e]+$/.test(path)
}

/** Whether a text can be a method. */
export function isMethod(method: string): boolean {
  return isToken(method)
}
