import type { Transport } from '@ropewalk/core'
import { LocalProtocolError } from '@ropewalk/core'
import type { Headers } from '../message/headers.ts'
import { CHUNK_END, chunkHead, LAST_CHUNK, responseHead } from '../wire/response-writer.ts'

/** What a response must know of the request it answers. */
export interface Answered {
  readonly version: '1.0' | '1.1'
  readonly method: string
}

/** A response's head, as the request's owner wants it. */
export interface ResponseHead {
  readonly code: number
  /** The reason phrase where the registered one will not do. */
  readonly reason: string | undefined
  readonly headers: Headers
  /** The Date line, CRLF included, where the headers have none. */
  readonly dateLine: string
}

/**
 * One response on its way out: decides how its body is framed (RFC 9112 §6.1, §6.2), and never lets
 * a body that broke off look whole.
 *
 *     fresh ──first write──▶ sending ──finish──▶ finished
 *       └────────────finish────────────────────────▲
 */
export class ResponseStream {
  readonly #transport: Transport
  readonly #answered: Answered
  #stage: Stage = FRESH
  #persistent: boolean
  #sentBytes = 0

  /** @param persistent Whether the connection may stay open afterwards, as far as the request goes. */
  constructor(transport: Transport, answered: Answered, persistent: boolean) {
    this.#transport = transport
    this.#answered = answered
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

  /** The connection ends with this response. Has no effect on a head that was sent. */
  endConnection(): void {
    if (this.#stage.is === 'fresh') this.#persistent = false
  }

  /**
   * Sends a response in one go.
   *
   * @throws {LocalProtocolError} when the head has another Content-Length.
   */
  whole(head: ResponseHead, body: Uint8Array | string): void {
    const bytes = byteLength(body)
    const [start, framing] = this.#begin(head, bytes)
    this.#stage = FINISHED
    if (framing.by === 'no body' || bytes === 0) {
      this.#transport.write(start)
      return
    }
    if (framing.by === 'length' && framing.bytes !== bytes) throw this.#wrongLength(bytes, framing.bytes)
    this.#sentBytes = bytes
    if (typeof start === 'string' && typeof body === 'string') this.#transport.write(start + body)
    else this.#transport.writeSequence([start, body])
  }

  /** Sends the head, before the first piece of a body whose length is not known, or is in the head. */
  begin(head: ResponseHead): void {
    const [start, framing] = this.#begin(head, undefined)
    this.#stage = { is: 'sending', framing }
    this.#transport.write(start)
  }

  /**
   * Sends a piece of the body, behind `begin`.
   *
   * @returns what the transport's `write` returns.
   * @throws {LocalProtocolError} beyond the response's own Content-Length; the connection is aborted.
   */
  write(data: Uint8Array | string): boolean {
    if (this.#stage.is !== 'sending')
      throw new LocalProtocolError(`Cannot write to a ${this.#stage.is} response`)
    const { framing } = this.#stage
    const bytes = byteLength(data)
    if (bytes === 0 || framing.by === 'no body') return !this.#transport.disconnecting
    this.#sentBytes += bytes
    if (framing.by === 'length' && this.#sentBytes > framing.bytes) {
      throw this.#wrongLength(this.#sentBytes, framing.bytes)
    }
    if (framing.by !== 'chunks') return this.#transport.write(data)
    return this.#transport.writeSequence([chunkHead(bytes), data, CHUNK_END])
  }

  /**
   * Ends the body. One shorter than its own Content-Length is cut instead.
   *
   * @returns whether the response is whole.
   */
  finish(): boolean {
    if (this.#stage.is !== 'sending') return this.#stage.is === 'finished'
    const { framing } = this.#stage
    this.#stage = FINISHED
    if (framing.by === 'chunks') this.#transport.write(LAST_CHUNK)
    if (framing.by !== 'length' || this.#sentBytes === framing.bytes) return true
    this.#wrongLength(this.#sentBytes, framing.bytes)
    return false
  }

  /** Sends the head of a 101 answer: what follows is another protocol's. */
  upgrade({ code, reason, headers, dateLine }: ResponseHead): void {
    this.#stage = FINISHED
    // RFC 9110 §8.6, RFC 9112 §6.1: neither in a 1xx.
    headers.removeHeader('content-length')
    headers.removeHeader('transfer-encoding')
    this.#transport.write(responseHead(code, reason, headers, dateLine))
  }

  /** @param wholeBytes The body's length, where it is known. */
  #begin(
    { code, reason, headers, dateLine }: ResponseHead,
    wholeBytes: number | undefined,
  ): [string | Buffer, Framing] {
    const framing = this.#frame(code, headers, wholeBytes)
    if (framing.by === 'close' || saysClose(headers)) this.#persistent = false
    const lines = dateLine + framing.lines + this.#connectionLine(headers.hasHeader('upgrade'))
    return [responseHead(code, reason, headers, lines), framing]
  }

  /** @param upgrade Whether the head has an Upgrade field, which Connection must list (RFC 9110 §7.8). */
  #connectionLine(upgrade: boolean): string {
    const options = upgrade ? ['Upgrade'] : []
    if (!this.#persistent) options.push('close')
    else if (this.#answered.version === '1.0') options.push('keep-alive')
    return options.length === 0 ? '' : `Connection: ${options.join(', ')}\r\n`
  }

  #frame(code: number, headers: Headers, wholeBytes: number | undefined): Framing {
    if (headers.hasHeader('transfer-encoding')) {
      throw new LocalProtocolError(
        'Cannot set Transfer-Encoding: how a response is framed is not for its author',
      )
    }
    if (this.#answered.method === 'CONNECT' && code >= 200 && code < 300) {
      throw new LocalProtocolError(
        'Cannot answer CONNECT with success: it has no body, and no tunnel is open',
      )
    }
    const declared = declaredLength(headers)
    if (code < 200 || code === 204 || code === 205) {
      headers.removeHeader('content-length')
      return code === 205 ? EMPTY_BODY : NO_BODY
    }
    const knownBytes = declared ?? wholeBytes
    const lines =
      declared === undefined && knownBytes !== undefined ? `Content-Length: ${knownBytes}\r\n` : ''
    if (code === 304) return NO_BODY
    if (this.#answered.method === 'HEAD') return { by: 'no body', lines }
    if (knownBytes !== undefined) return { by: 'length', bytes: knownBytes, lines }
    return this.#answered.version === '1.0' ? UNTIL_CLOSE : CHUNKS
  }

  /** The body is not as long as was said: what was sent must not look whole. */
  #wrongLength(bytes: number, declaredBytes: number): LocalProtocolError {
    const error = new LocalProtocolError(`Cannot send ${bytes} bytes under Content-Length ${declaredBytes}`)
    this.#transport.abortConnection(error)
    return error
  }
}

function byteLength(data: Uint8Array | string): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length
}

/** The connection is ours to manage, but an author may ask for its end. */
function saysClose(headers: Headers): boolean {
  const values = headers.getRawHeaders('connection')
  if (values === undefined) return false
  headers.removeHeader('connection')
  return values.some((value) => /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(value))
}

function declaredLength(headers: Headers): number | undefined {
  const values = headers.getRawHeaders('content-length')
  if (values === undefined) return undefined
  const [value = ''] = values
  if (values.length > 1 || !/^[0-9]{1,15}$/.test(value)) {
    throw new LocalProtocolError(`Cannot send Content-Length "${values.join(', ').slice(0, 80)}"`)
  }
  return Number(value)
}

type Stage =
  | { readonly is: 'fresh' }
  | { readonly is: 'sending'; readonly framing: Framing }
  | { readonly is: 'finished' }

/** How the end of the body is told, and the field lines that say so. */
type Framing =
  | { readonly by: 'no body'; readonly lines: string }
  | { readonly by: 'length'; readonly bytes: number; readonly lines: string }
  | { readonly by: 'chunks'; readonly lines: string }
  | { readonly by: 'close'; readonly lines: string }

const FRESH: Stage = { is: 'fresh' }
const FINISHED: Stage = { is: 'finished' }
const NO_BODY: Framing = { by: 'no body', lines: '' }
/** RFC 9110 §15.3.6: a 205 has no content; a client finds no end of it without being told. */
const EMPTY_BODY: Framing = { by: 'no body', lines: 'Content-Length: 0\r\n' }
const CHUNKS: Framing = { by: 'chunks', lines: 'Transfer-Encoding: chunked\r\n' }
const UNTIL_CLOSE: Framing = { by: 'close', lines: '' }
