import { assertNever, ByteQueue, LineTooLongError } from '@ropewalk/core/bytes'
import { isFieldValue, isToken, lowerCaseElements, trimBlanks } from '../message/field-grammar.ts'
import { Headers } from '../message/headers.ts'

/** What a server sent is not an HTTP/1.1 response, or more than one. */
export class MalformedResponseError extends Error {
  override readonly name = 'MalformedResponseError'
}

/** The status line and the header fields of a response. */
export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly headers: Headers
}

/**
 * Reads the responses to one request from bytes: informational ones, and a final one. It refuses what a
 * client would have to guess: two framings, a body where there can be none, bytes after the response.
 *
 * @see RFC 9112 §6.3
 */
export class ResponseReader {
  readonly #method: string
  readonly #input = new ByteQueue()
  readonly #informational: ResponseHead[] = []
  readonly #pieces: Buffer[] = []
  #head: ResponseHead | undefined
  #trailers = new Headers()
  #state: State = HEAD

  /** @param method The request's method: a response to HEAD has no body. */
  constructor(method: string) {
    this.#method = method
  }

  /** The responses with a status from 100 to 199, without a 101. */
  get informational(): readonly ResponseHead[] {
    return this.#informational
  }

  /** The head of the final response; undefined before it has arrived. */
  get head(): ResponseHead | undefined {
    return this.#head
  }

  /** The body that has arrived. */
  get body(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  /** The fields after the body. */
  get trailers(): Headers {
    return this.#trailers
  }

  /** Whether the response is complete, or was one to an upgrade. */
  get complete(): boolean {
    return this.#state.reading === 'nothing' || this.#state.reading === 'another protocol'
  }

  /** Whether the connection has another protocol: the response is a 101. */
  get upgraded(): boolean {
    return this.#state.reading === 'another protocol'
  }

  /** Takes the bytes that follow a 101. */
  takeUnread(): Buffer {
    return this.#input.takeAll()
  }

  /** @throws {MalformedResponseError} when the bytes are not a response. */
  push(data: Uint8Array): void {
    this.#input.push(data)
    try {
      while (this.#readNext());
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error
      throw malformed('a line is too long', this.#input.peek(80))
    }
  }

  /** The server sends no more: that is the end of a body that nothing else delimits. */
  end(): void {
    if (this.#state.reading === 'until the end') this.#state = NOTHING
  }

  /** Returns whether there may be more to read. */
  #readNext(): boolean {
    const state = this.#state
    switch (state.reading) {
      case 'head':
        return this.#readHead(state.lines)
      case 'bytes':
      case 'chunk':
        return this.#readBytes(state.left, state.reading)
      case 'chunk size':
        return this.#readChunkSize()
      case 'trailers':
        return this.#readTrailers(state.lines)
      case 'until the end':
        if (this.#input.length > 0) this.#pieces.push(this.#input.takeAll())
        return false
      case 'nothing':
        if (this.#input.length === 0) return false
        throw malformed(
          `${this.#input.length} bytes follow it`,
          this.#input.peek(Math.min(80, this.#input.length)),
        )
      case 'another protocol':
        return false
      default:
        return assertNever(state)
    }
  }

  #readHead(lines: readonly string[]): boolean {
    const line = this.#takeLine()
    if (line === undefined) return false
    // Checked at once: what is no HTTP may never have an empty line.
    if (lines.length === 0) parseStatusLine(line)
    if (line !== '' || lines.length === 0) this.#state = { reading: 'head', lines: [...lines, line] }
    else this.#headRead(parseHead(lines))
    return true
  }

  #headRead(head: ResponseHead): void {
    const { status, headers } = head
    const length = headers.getRawHeaders('content-length')
    const coding = headers.getRawHeaders('transfer-encoding')
    // RFC 9110 §8.6 and RFC 9112 §6.1: these never have a body, and state none.
    if ((status < 200 || status === 204) && (length ?? coding) !== undefined)
      throw malformed(`status ${status} has no body, and states one`)
    if (length !== undefined && coding !== undefined)
      throw malformed('it has both Content-Length and Transfer-Encoding')
    if (status < 200 && status !== 101) {
      this.#informational.push(head)
      this.#state = HEAD
      return
    }
    this.#head = head
    this.#state = this.#bodyState(status, length, coding)
  }

  #bodyState(
    status: number,
    length: readonly string[] | undefined,
    coding: readonly string[] | undefined,
  ): State {
    if (status === 101) return { reading: 'another protocol' }
    const bytes = length === undefined ? undefined : parseLength(length)
    if (coding !== undefined && lowerCaseElements(coding).join() !== 'chunked')
      throw malformed('its Transfer-Encoding is not chunked', Buffer.from(coding.join(', ')))
    if (this.#method === 'HEAD' || status === 204 || status === 304) return NOTHING
    if (coding !== undefined) return { reading: 'chunk size' }
    if (bytes === undefined) return { reading: 'until the end' }
    return bytes === 0 ? NOTHING : { reading: 'bytes', left: bytes }
  }

  #readBytes(left: number, reading: 'bytes' | 'chunk'): boolean {
    const piece = this.#input.takeUpTo(left)
    if (piece !== undefined) this.#pieces.push(piece)
    const more = left - (piece?.length ?? 0)
    if (more > 0) {
      this.#state = { reading, left: more }
      return piece !== undefined
    }
    if (reading === 'bytes') {
      this.#state = NOTHING
      return true
    }
    const end = this.#input.takeExactly(2)
    this.#state = end === undefined ? { reading, left: 0 } : { reading: 'chunk size' }
    if (end !== undefined && end.toString('latin1') !== '\r\n')
      throw malformed('a chunk has no line end', end)
    return end !== undefined
  }

  #readChunkSize(): boolean {
    const line = this.#takeLine()
    if (line === undefined) return false
    // Extensions are allowed by RFC 9112 §7.1.1, but nothing here sends them.
    if (!/^[0-9a-f]{1,8}$/i.test(line)) throw malformed('a chunk has no size', Buffer.from(line, 'latin1'))
    const size = Number.parseInt(line, 16)
    this.#state = size === 0 ? { reading: 'trailers', lines: [] } : { reading: 'chunk', left: size }
    return true
  }

  #readTrailers(lines: readonly string[]): boolean {
    const line = this.#takeLine()
    if (line === undefined) return false
    if (line !== '') this.#state = { reading: 'trailers', lines: [...lines, line] }
    else {
      this.#trailers = parseFields(lines)
      this.#state = NOTHING
    }
    return true
  }

  #takeLine(): string | undefined {
    return this.#input.takeLine(MAX_LINE_BYTES)?.toString('latin1')
  }
}

function parseHead([line = '', ...fields]: readonly string[]): ResponseHead {
  return { ...parseStatusLine(line), headers: parseFields(fields) }
}

function parseStatusLine(line: string): Pick<ResponseHead, 'status' | 'reason'> {
  const [, status = '', reason = ''] = STATUS_LINE.exec(line) ?? []
  if (status === '' || !isFieldValue(reason))
    throw malformed('its status line is wrong', Buffer.from(line, 'latin1'))
  return { status: Number(status), reason }
}

function parseFields(lines: readonly string[]): Headers {
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, Math.max(colon, 0)), trimBlanks(line.slice(colon + 1))]
    if (isToken(name) && isFieldValue(value)) return [name, value]
    throw malformed('a field line is wrong', Buffer.from(line, 'latin1'))
  })
  return Headers.fromFields(fields)
}

function parseLength(values: readonly string[]): number {
  const [value = '', ...others] = values
  const bytes = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (others.length === 0 && Number.isSafeInteger(bytes)) return bytes
  throw malformed('its Content-Length is wrong', Buffer.from(values.join(', ')))
}

function malformed(why: string, shown?: Uint8Array): MalformedResponseError {
  const quoted =
    shown === undefined ? '' : `: ${JSON.stringify(Buffer.from(shown).toString('latin1').slice(0, 80))}`
  return new MalformedResponseError(`Cannot read the response, ${why}${quoted}`)
}

type State =
  | { readonly reading: 'head'; readonly lines: readonly string[] }
  | { readonly reading: 'bytes' | 'chunk'; readonly left: number }
  | { readonly reading: 'chunk size' }
  | { readonly reading: 'trailers'; readonly lines: readonly string[] }
  | { readonly reading: 'until the end' }
  | { readonly reading: 'nothing' }
  | { readonly reading: 'another protocol' }

const HEAD: State = { reading: 'head', lines: [] }
const NOTHING: State = { reading: 'nothing' }
/** RFC 9112 §4. */
const STATUS_LINE = /^HTTP\/1\.1 ([1-9]\d\d) (.*)$/s
const MAX_LINE_BYTES = 1_048_576
