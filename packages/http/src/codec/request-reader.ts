import { assertNever, type ByteQueue } from '@ropewalk/core/bytes'
import { RemoteProtocolError } from '../errors.ts'
import { type BodyEvent, ContentLengthReader, END, type LimitedBodyReader } from './body-reader.ts'
import { ChunkedReader } from './chunked-reader.ts'
import { FieldScanner } from './field-scanner.ts'
import type { Framing } from './framing.ts'
import type { HTTPLimits } from './limits.ts'
import { type RequestHead, interpretHead } from './request-head.ts'
import { RequestLineScanner } from './request-line-scanner.ts'

/** What a client's bytes turn into: for each request a head, any number of data, an end. */
export type RequestEvent = { readonly type: 'head'; readonly head: RequestHead } | BodyEvent

/**
 * Reads requests (RFC 9112 §2–§7) from bytes, one event at a time.
 *
 * Strict: what the grammar does not allow is refused where it stands, never repaired, and nothing
 * behind it is read. After `end` the next call begins the next request.
 */
export class RequestReader {
  readonly #limits: HTTPLimits
  readonly #line: RequestLineScanner
  readonly #fields: FieldScanner
  #state: State = LINE
  /** Bytes of the head that were looked at and are still in the queue. */
  #scannedBytes = 0

  constructor(limits: HTTPLimits) {
    const { maxRequestLineBytes, maxHeadBytes, maxFieldCount } = limits
    this.#limits = limits
    this.#line = new RequestLineScanner(maxRequestLineBytes)
    this.#fields = new FieldScanner({
      maxBytes: maxHeadBytes,
      maxCount: maxFieldCount,
      tooLarge: 'head-too-large',
    })
  }

  /** Whether no request has begun that has not ended. */
  get betweenMessages(): boolean {
    return this.#state.is === 'line' && !this.#line.begun
  }

  /**
   * The next event, or undefined when it needs more bytes than `input` holds.
   *
   * @throws {RemoteProtocolError} once; from then on the answer is undefined, whatever comes.
   */
  next(input: ByteQueue): RequestEvent | undefined {
    try {
      return this.#next(input)
    } catch (error) {
      this.#state = FAILED
      throw error
    }
  }

  /**
   * Changes how long the body may be of the request whose head was read last, until it has ended.
   *
   * Beyond the limits' own `maxBodyBytes` this lets only a chunked body go: a request that announces
   * more was refused with its head.
   *
   * @param maxBytes Infinity for no limit.
   * @throws {RemoteProtocolError} `body-too-large`, when it is known already to be longer.
   */
  limitBody(maxBytes: number): void {
    if (this.#state.is !== 'body') return
    try {
      this.#state.body?.limit(maxBytes)
    } catch (error) {
      this.#state = FAILED
      throw error
    }
  }

  /**
   * No more bytes will come.
   *
   * @throws {RemoteProtocolError} `truncated`, in the middle of a request.
   */
  endOfInput(): void {
    if (this.betweenMessages || this.#state.is === 'nothing') return
    this.#state = FAILED
    throw new RemoteProtocolError('truncated', 'Cannot read the rest of a request: the input has ended')
  }

  #next(input: ByteQueue): RequestEvent | undefined {
    const state = this.#state
    switch (state.is) {
      case 'line':
      case 'fields':
        return this.#readHead(input)
      case 'body':
        return this.#readBody(input, state.body)
      case 'nothing':
        return undefined
      default:
        return assertNever(state)
    }
  }

  #readHead(input: ByteQueue): RequestEvent | undefined {
    if (input.length === this.#scannedBytes) return undefined
    const bytes = input.view()
    if (this.#state.is === 'line') {
      this.#scannedBytes = this.#line.scan(bytes, this.#scannedBytes)
      if (!this.#line.complete) return undefined
      this.#state = FIELDS
      this.#fields.reset(this.#scannedBytes)
    }
    this.#scannedBytes = this.#fields.scan(bytes, this.#scannedBytes)
    if (!this.#fields.complete) return undefined
    const head = this.#headOf(bytes.toString('latin1', 0, this.#scannedBytes))
    this.#state = { is: 'body', body: this.#bodyReader(head.framing) }
    input.skip(this.#scannedBytes)
    this.#scannedBytes = 0
    this.#line.reset()
    return { type: 'head', head }
  }

  #headOf(text: string): RequestHead {
    const { method, target, minorVersion } = this.#line.parts(text)
    return interpretHead(method, target, minorVersion === '0' ? '1.0' : '1.1', this.#fields.fields(text))
  }

  #readBody(input: ByteQueue, body: LimitedBodyReader | undefined): BodyEvent | undefined {
    const event = body === undefined ? END : body.next(input)
    if (event?.type === 'end') this.#state = LINE
    return event
  }

  #bodyReader(framing: Framing): LimitedBodyReader | undefined {
    if (framing.kind === 'chunked') return new ChunkedReader(this.#limits)
    if (framing.kind !== 'length') return undefined
    const body = new ContentLengthReader(framing.bytes)
    body.limit(this.#limits.maxBodyBytes)
    return body
  }
}

/** Where in a request the reader is; each state carries what only it knows. */
type State =
  | { readonly is: 'line' }
  | { readonly is: 'fields' }
  | { readonly is: 'body'; readonly body: LimitedBodyReader | undefined }
  | { readonly is: 'nothing' }

const LINE: State = { is: 'line' }
const FIELDS: State = { is: 'fields' }
const FAILED: State = { is: 'nothing' }
