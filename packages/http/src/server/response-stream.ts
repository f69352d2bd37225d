import { LocalProtocolError, type Transport } from '@ropewalk/core'
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
  readonly reason: string | undefined
  readonly headers: Headers
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

  get finished(): boolean {
    return this.#stage.is === 'finished'
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
   * Sends a piece of the body, and before the first one the head.
   *
   * @returns what the transport's `write` returns.
   * @throws {LocalProtocolError} beyond the response's own Content-Length; the connection is aborted.
   */
  write(head: () => ResponseHead, data: Uint8Array | string): boolean {
    if (this.#stage.is === 'finished') throw new LocalProtocolError('Cannot write to a finished response')
    const framing = this.#stage.is === 'sending' ? this.#stage.framing : this.#begin(head(), undefined)
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length
    if (bytes === 0 || framing.by === 'no body') return !this.#transport.disconnecting
    this.#sentBytes += bytes
    if (framing.by === 'length' && this.#sentBytes > framing.bytes) {
      const error = new LocalProtocolError(
        `Cannot send ${this.#sentBytes} bytes under Content-Length ${framing.bytes}`,
      )
      this.#transport.abortConnection(error)
      throw error
    }
    if (framing.by !== 'chunks') return this.#transport.write(data)
    this.#transport.write(chunkHead(bytes))
    this.#transport.write(data)
    return this.#transport.write(CHUNK_END)
  }

  /**
   * Ends the response. One shorter than its own Content-Length is cut instead.
   *
   * @param head Asked for when nothing was written: a response without a body.
   */
  finish(head: () => ResponseHead): void {
    if (this.#stage.is === 'finished') return
    const framing = this.#stage.is === 'sending' ? this.#stage.framing : this.#begin(head(), 0)
    this.#stage = FINISHED
    if (framing.by === 'chunks') this.#transport.write(LAST_CHUNK)
    if (framing.by === 'length' && this.#sentBytes < framing.bytes) {
      const missing = `Cannot end a response ${framing.bytes - this.#sentBytes} bytes short of its Content-Length`
      this.#transport.abortConnection(new LocalProtocolError(missing))
    }
  }

  /** Sends the head of a 101 answer: what follows is another protocol's. */
  upgrade(head: ResponseHead): void {
    this.#stage = FINISHED
    this.#transport.write(responseHead(head.code, head.reason, head.headers))
  }

  /** @param wholeBytes The body's length where it is known without a Content-Length. */
  #begin({ code, reason, headers }: ResponseHead, wholeBytes: number | undefined): Framing {
    const framing = this.#frame(code, headers, wholeBytes)
    if (framing.by === 'close') this.#persistent = false
    if (!this.#persistent) headers.setRawHeaders('Connection', ['close'])
    else if (this.#answered.version === '1.0') headers.setRawHeaders('Connection', ['keep-alive'])
    this.#stage = { is: 'sending', framing }
    this.#transport.write(responseHead(code, reason, headers))
    return framing
  }

  #frame(code: number, headers: Headers, wholeBytes: number | undefined): Framing {
    if (headers.hasHeader('Transfer-Encoding')) {
      throw new LocalProtocolError(
        'Cannot set Transfer-Encoding: how a response is framed is not for its author',
      )
    }
    const declared = declaredLength(headers)
    if (code < 200 || code === 204) {
      headers.removeHeader('Content-Length')
      return NO_BODY
    }
    if (code === 304 || this.#answered.method === 'HEAD') return NO_BODY
    if (declared !== undefined) return { by: 'length', bytes: declared }
    if (wholeBytes !== undefined) {
      headers.setRawHeaders('Content-Length', [String(wholeBytes)])
      return { by: 'length', bytes: wholeBytes }
    }
    if (this.#answered.version === '1.0') return UNTIL_CLOSE
    headers.setRawHeaders('Transfer-Encoding', ['chunked'])
    return CHUNKS
  }
}

function declaredLength(headers: Headers): number | undefined {
  const values = headers.getRawHeaders('Content-Length')
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

/** How the end of the body is told. */
type Framing =
  | { readonly by: 'no body' }
  | { readonly by: 'length'; readonly bytes: number }
  | { readonly by: 'chunks' }
  | { readonly by: 'close' }

const FRESH: Stage = { is: 'fresh' }
const FINISHED: Stage = { is: 'finished' }
const NO_BODY: Framing = { by: 'no body' }
const CHUNKS: Framing = { by: 'chunks' }
const UNTIL_CLOSE: Framing = { by: 'close' }
