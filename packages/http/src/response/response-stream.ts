import { LocalProtocolError, type Transport } from '@ropewalk/core'
import { type Headers, lengthBits } from '../message/headers.ts'
import { lowerCaseElements } from '../message/field-grammar.ts'
import type { HTTPVersion } from '../codec/framing.ts'
import {
  addedLines,
  CHUNK_END,
  chunkHead,
  LAST_CHUNK,
  type HeadParts,
  HeadWriter,
  lastChunk,
  responseHead,
} from '../codec/response-writer.ts'

/** The facts about a request that decide how its response is framed. */
export interface RequestLine {
  readonly version: HTTPVersion
  readonly method: string
}

/** A response's head before it is framed. */
export interface ResponseHead extends HeadParts {
  /** The reason phrase, if not the registered one. */
  readonly reason: string | undefined
  /** The names of the trailers, for the Trailer field; undefined when there are none. */
  readonly trailers?: string | undefined
}

/**
 * Sends one response, and decides how its body is framed (RFC 9112 §6.1, §6.2).
 *
 * A head or a piece that cannot be sent as it was declared throws before any byte of it is written. The
 * caller then sends an error page, or aborts the connection if the response has `started`.
 *
 *     fresh ──first write──▶ sending ──finish──▶ finished
 *       └────────────finish────────────────────────▲
 */
export class ResponseStream {
  readonly #transport: Transport
  readonly #requestLine: RequestLine
  #stage: Stage = FRESH
  #persistent: boolean
  #sentBytes = 0
  #dropped: string | undefined

  /** @param persistent Whether the request allows the connection to stay open afterwards. */
  constructor(transport: Transport, requestLine: RequestLine, persistent: boolean) {
    this.#transport = transport
    this.#requestLine = requestLine
    this.#persistent = persistent
  }

  /** Whether the head has been sent. */
  get started(): boolean {
    return this.#stage.is !== 'fresh'
  }

  /** Whether the connection may carry another request after this response. */
  get persistent(): boolean {
    return this.#persistent
  }

  /** Bytes of body sent. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Why a header that the program set was not sent; undefined if all were sent. */
  get dropped(): string | undefined {
    return this.#dropped
  }

  /** Ends the connection after this response. Has no effect once the head was sent. */
  endConnection(): void {
    if (this.#stage.is === 'fresh') this.#persistent = false
  }

  /**
   * Sends a complete response.
   *
   * @throws {LocalProtocolError} when the head has another Content-Length or a Transfer-Encoding, or accepts
   *   a CONNECT.
   */
  whole(head: ResponseHead, body: Uint8Array | string): void {
    const bytes = byteLength(body)
    if (this.#needsOnlyLength(head)) return this.#wholeUnframed(head, body, bytes)
    const framing = this.#frame(head.code, head.headers, bytes)
    if (framing.kind === 'length' && framing.bytes !== bytes) throw wrongLength(bytes, framing.bytes)
    const start = this.#start(head, framing)
    this.#stage = FINISHED
    if (framing.kind === 'no body' || bytes === 0) {
      this.#transport.write(start)
      return
    }
    this.#sentBytes = bytes
    if (typeof start === 'string' && typeof body === 'string') this.#transport.write(start + body)
    else this.#transport.writeSequence([start, body])
  }

  /**
   * Sends the head, before the first piece of a body whose length is unknown or in the head.
   *
   * @param firstPiece The piece that `write` is called with next.
   * @throws {LocalProtocolError} as `whole` does, and when the first piece is longer than the head's
   *   Content-Length.
   */
  begin(head: ResponseHead, firstPiece: Uint8Array | string = ''): void {
    const framing = this.#frame(head.code, head.headers, undefined)
    if (framing.kind === 'length') {
      const bytes = byteLength(firstPiece)
      if (bytes > framing.bytes) throw wrongLength(bytes, framing.bytes)
    }
    const start = this.#start(head, framing)
    this.#stage = { is: 'sending', framing }
    this.#transport.write(start)
  }

  /**
   * Sends a piece of the body, after `begin`.
   *
   * @returns what the transport's `write` returns.
   * @throws {LocalProtocolError} when the body exceeds its Content-Length, before any byte of the piece is
   *   sent.
   */
  write(data: Uint8Array | string): boolean {
    if (this.#stage.is !== 'sending')
      throw new LocalProtocolError(`Cannot write to a ${this.#stage.is} response`)
    const { framing } = this.#stage
    const bytes = byteLength(data)
    if (bytes === 0 || framing.kind === 'no body') return !this.#transport.disconnecting
    if (framing.kind === 'length' && this.#sentBytes + bytes > framing.bytes) {
      throw wrongLength(this.#sentBytes + bytes, framing.bytes)
    }
    this.#sentBytes += bytes
    if (framing.kind !== 'chunks') return this.#transport.write(data)
    return this.#transport.writeSequence([chunkHead(bytes), data, CHUNK_END])
  }

  /**
   * Ends the body. Has no effect on a body that has ended.
   *
   * @param trailers Returns the fields after a body in chunks. It is not called for any other body.
   * @throws {LocalProtocolError} when the body is shorter than its Content-Length: it must not look complete.
   */
  finish(trailers?: () => Headers): void {
    if (this.#stage.is !== 'sending') return
    const { framing } = this.#stage
    if (framing.kind === 'chunks') {
      this.#transport.write(trailers === undefined ? LAST_CHUNK : lastChunk(trailers()))
    }
    this.#stage = FINISHED
    if (framing.kind === 'length' && this.#sentBytes !== framing.bytes) {
      throw wrongLength(this.#sentBytes, framing.bytes)
    }
  }

  /** Sends the head of a 101 response. The bytes after it belong to another protocol. */
  upgrade(head: ResponseHead): void {
    const { code, reason, headers } = head
    this.upgraded()
    // RFC 9110 §8.6, RFC 9112 §6.1: a 1xx response has neither field.
    headers.removeHeader('content-length')
    headers.removeHeader('transfer-encoding')
    this.#transport.write(responseHead(code, reason, headers, addedLines(head)))
  }

  /** The head of a 101 was sent. */
  upgraded(): void {
    this.#stage = FINISHED
  }

  /** Whether a complete response needs no field but Content-Length beside those that it has, and has a body. */
  #needsOnlyLength({ code, headers, trailers }: ResponseHead): boolean {
    const { method, version } = this.#requestLine
    if (!this.#persistent || version !== '1.1' || method === 'HEAD' || method === 'CONNECT') return false
    if (code < 200 || code === 204 || code === 205 || code === 304) return false
    return trailers === undefined && !headers.mayHaveAny(FRAMING_LENGTHS)
  }

  /** The fast path of `whole`: with the same bytes, as one string where that is possible. */
  #wholeUnframed(head: ResponseHead, body: Uint8Array | string, bytes: number): void {
    const { code, reason, headers } = head
    const start =
      reason === undefined && headers.ascii
        ? `${HEADS.write(head)}Content-Length: ${bytes}\r\n\r\n`
        : responseHead(code, reason, headers, `${addedLines(head)}Content-Length: ${bytes}\r\n`)
    this.#stage = FINISHED
    this.#sentBytes = bytes
    if (typeof start === 'string' && typeof body === 'string') this.#transport.write(start + body)
    else if (bytes === 0) this.#transport.write(start)
    else this.#transport.writeSequence([start, body])
  }

  #start(head: ResponseHead, framing: Framing): string | Buffer {
    const { code, reason, headers, trailers } = head
    const closes = this.#takeConnection(headers)
    if (closes || framing.kind === 'close') this.#persistent = false
    const trailerLine = trailers === undefined ? '' : this.#trailerLine(trailers, framing)
    const connectionLine = this.#connectionLine(headers.hasHeader('upgrade'))
    const framingLines = addedLines(head) + trailerLine + framing.lines + connectionLine
    return responseHead(code, reason, headers, framingLines)
  }

  /** Removes Connection, which this class sends; returns whether the program asks to end the connection. */
  #takeConnection(headers: Headers): boolean {
    const values = headers.getRawHeaders('connection')
    if (values === undefined) return false
    headers.removeHeader('connection')
    const options = lowerCaseElements(values)
    const other = options.find((option) => !CONNECTION_OPTIONS.has(option))
    if (other !== undefined) {
      this.#dropped = `Cannot send "Connection: ${other.slice(0, 80)}": the only option to set is "close"`
    }
    return options.includes('close')
  }

  /** RFC 9112 §7.1.2: only a body in chunks can have trailers. */
  #trailerLine(names: string, framing: Framing): string {
    if (framing.kind === 'chunks') return `Trailer: ${names}\r\n`
    if (framing.kind === 'length') {
      this.#dropped = `Cannot send trailers (${names.slice(0, 80)}) with Content-Length: leave it out`
    }
    return ''
  }

  /** @param upgrade Whether the head has an Upgrade field, which Connection must list (RFC 9110 §7.8). */
  #connectionLine(upgrade: boolean): string {
    if (!upgrade && this.#persistent && this.#requestLine.version === '1.1') return ''
    const options = upgrade ? ['Upgrade'] : []
    if (!this.#persistent) options.push('close')
    else if (this.#requestLine.version === '1.0') options.push('keep-alive')
    return options.length === 0 ? '' : `Connection: ${options.join(', ')}\r\n`
  }

  #frame(code: number, headers: Headers, wholeBytes: number | undefined): Framing {
    if (headers.hasHeader('transfer-encoding')) {
      throw new LocalProtocolError(
        'Cannot set Transfer-Encoding: leave it out, a body of unknown length is sent in chunks',
      )
    }
    if (this.#requestLine.method === 'CONNECT' && code >= 200 && code < 300) {
      throw new LocalProtocolError('Cannot send a successful response to CONNECT: tunnels are not supported')
    }
    const declared = declaredLength(headers)
    if (code < 200 || code === 204 || code === 205) {
      headers.removeHeader('content-length')
      if (declared !== undefined && declared > 0) {
        this.#dropped = `Cannot send Content-Length ${declared} with status ${code}: leave it out`
      }
      return code === 205 ? EMPTY_BODY : NO_BODY
    }
    const knownBytes = declared ?? wholeBytes
    const lines =
      declared === undefined && knownBytes !== undefined ? `Content-Length: ${knownBytes}\r\n` : ''
    if (code === 304) return NO_BODY
    if (this.#requestLine.method === 'HEAD') return { kind: 'no body', lines }
    if (knownBytes !== undefined) return { kind: 'length', bytes: knownBytes, lines }
    return this.#requestLine.version === '1.0' ? UNTIL_CLOSE : CHUNKS
  }
}

/** Makes the error for a body of another length than its head declares. */
export function wrongLength(bytes: number, declaredBytes: number): LocalProtocolError {
  return new LocalProtocolError(
    `Cannot send ${bytes} bytes under Content-Length ${declaredBytes}: set the length of the body, or leave it out`,
  )
}

/** The length of a piece of a body, in bytes. */
export function byteLength(data: Uint8Array | string): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length
}

/**
 * Returns the Content-Length that a program has set; undefined when it has not.
 *
 * @throws {LocalProtocolError} when it is not one number.
 */
export function declaredLength(headers: Headers): number | undefined {
  const values = headers.getRawHeaders('content-length')
  if (values === undefined) return undefined
  const [value = ''] = values
  if (values.length > 1 || !/^[0-9]{1,15}$/.test(value)) {
    throw new LocalProtocolError(
      `Cannot send Content-Length "${values.join(', ').slice(0, 80)}": give one number of bytes`,
    )
  }
  return Number(value)
}

type Stage =
  | { readonly is: 'fresh' }
  | { readonly is: 'sending'; readonly framing: Framing }
  | { readonly is: 'finished' }

/** How a client finds the end of the body, and the field lines that declare it. */
type Framing =
  | { readonly kind: 'no body'; readonly lines: string }
  | { readonly kind: 'length'; readonly bytes: number; readonly lines: string }
  | { readonly kind: 'chunks'; readonly lines: string }
  | { readonly kind: 'close'; readonly lines: string }

/** Shared by all connections: what it returns does not depend on what it keeps. */
const HEADS = new HeadWriter()
const FRESH: Stage = { is: 'fresh' }
const FINISHED: Stage = { is: 'finished' }
const NO_BODY: Framing = { kind: 'no body', lines: '' }
/** The lengths of the names that decide how a response is framed. */
const FRAMING_LENGTHS = lengthBits('transfer-encoding', 'content-length', 'connection', 'upgrade')
/** RFC 9110 §15.3.6: a 205 has no content. Without a length, a client would wait for content. */
const EMPTY_BODY: Framing = { kind: 'no body', lines: 'Content-Length: 0\r\n' }
const CHUNKS: Framing = { kind: 'chunks', lines: 'Transfer-Encoding: chunked\r\n' }
const UNTIL_CLOSE: Framing = { kind: 'close', lines: '' }
/**
 * Options that cause no warning: `upgrade` is sent with an Upgrade header, and `keep-alive` where it applies.
 */
const CONNECTION_OPTIONS: ReadonlySet<string> = new Set(['close', 'keep-alive', 'upgrade', ''])
