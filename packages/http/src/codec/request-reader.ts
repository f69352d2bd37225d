import { assertNever, type ByteQueue } from '@ropewalk/core/bytes'
import { RemoteProtocolError } from '../errors.ts'
import { type BodyEvent, type BodyReader, bodyTooLarge, ContentLengthReader, END } from './body-reader.ts'
import { ChunkedReader } from './chunked-reader.ts'
import type { Framing } from './framing.ts'
import { HeadScanner } from './head-scanner.ts'
import type { HTTPLimits } from './limits.ts'
import { type RequestHead, interpretHead } from './request-head.ts'
import { RequestLineScanner } from './request-line-scanner.ts'
import { WholeHeadScanner } from './whole-head.ts'

/** An event of a request: one `head`, any number of `data`, one `end`. */
export type RequestEvent = { readonly type: 'head'; readonly head: RequestHead } | BodyEvent

/**
 * Reads requests (RFC 9112 §2–§7) from bytes, one event at a time.
 *
 * It is strict: input that the grammar does not allow is refused and never repaired, and nothing after
 * it is read. After `end` the next call begins the next request.
 */
export class RequestReader {
  readonly #limits: HTTPLimits
  /** Scans a head that does not lie in one piece, until it is whole: an idle connection has none. */
  #scanner: PartialHead | undefined
  #state: State = HEAD

  /** @param limits Kept, so that many readers can share them. */
  constructor(limits: HTTPLimits) {
    this.#limits = limits
  }

  /** Whether the last request has ended and the next one has not begun. */
  get betweenMessages(): boolean {
    return this.#state.is === 'head' && this.#scanner?.line.begun !== true
  }

  /**
   * Replaces `maxBodyBytes` for the body that follows the last head. A body that is known to be longer is refused by the
   * next call of `next`.
   */
  limitBody(maxBytes: number): void {
    if (this.#state.is === 'body') this.#state.body?.limit(maxBytes)
  }

  /** Whether the body that is being read is within its limit, as far as is known. */
  get bodyWithinLimit(): boolean {
    return this.#state.is !== 'body' || (this.#state.body?.withinLimit ?? true)
  }

  /**
   * Returns the next event, or undefined when it needs more bytes than `input` has.
   *
   * @throws {RemoteProtocolError} once. After that it returns undefined for any input.
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
   * Ends the input: no more bytes will arrive.
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
      case 'head':
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
    if (input.length === 0) return undefined
    const whole = this.#scanner?.head.begun === true ? undefined : this.#readWholeHead(input)
    return whole ?? this.#readHeadInParts(input)
  }

  /** Reads a head that is here, in one piece, as most are. */
  #readWholeHead(input: ByteQueue): RequestEvent | undefined {
    const bytes = input.front
    if (!WHOLE_HEAD.find(bytes, input.frontOffset, this.#limits)) return undefined
    const text = WHOLE_HEAD.text(bytes)
    const method = WHOLE_HEAD.method(text)
    const target = WHOLE_HEAD.target(text)
    const head = interpretHead(method, target, WHOLE_HEAD.version, WHOLE_HEAD.fields(text))
    this.#headRead(head)
    input.skip(WHOLE_HEAD.bytes)
    return { type: 'head', head }
  }

  #readHeadInParts(input: ByteQueue): RequestEvent | undefined {
    const { line, head: scanner } = (this.#scanner ??= newPartialHead(this.#limits))
    const text = scanner.find(input)
    if (text === undefined) return undefined
    const { method, target, minorVersion } = line.parts(text)
    const version = minorVersion === '0' ? '1.0' : '1.1'
    const head = interpretHead(method, target, version, scanner.fields(text))
    this.#headRead(head)
    scanner.skip(input)
    this.#scanner = undefined
    return { type: 'head', head }
  }

  #headRead(head: RequestHead): void {
    const body = this.#bodyReader(head.framing)
    this.#state = body === undefined ? NO_BODY : { is: 'body', body }
  }

  #readBody(input: ByteQueue, body: BodyReader | undefined): BodyEvent | undefined {
    const event = body === undefined ? END : body.next(input)
    if (event?.type === 'end') this.#state = HEAD
    return event
  }

  #bodyReader(framing: Framing): BodyReader | undefined {
    if (framing.kind === 'chunked') return new ChunkedReader(this.#limits)
    if (framing.kind !== 'length') return undefined
    if (framing.bytes > this.#limits.maxBodyBytes) throw bodyTooLarge(this.#limits.maxBodyBytes)
    return new ContentLengthReader(framing.bytes)
  }
}

/** The scanners of a head that arrives in parts. */
interface PartialHead {
  readonly line: RequestLineScanner
  readonly head: HeadScanner
}

function newPartialHead(limits: HTTPLimits): PartialHead {
  const line = new RequestLineScanner(limits.maxRequestLineBytes)
  return { line, head: new HeadScanner(line, limits) }
}

/** The next part of a request; each state carries the data that only it needs. */
type State =
  | { readonly is: 'head' }
  | { readonly is: 'body'; readonly body: BodyReader | undefined }
  | { readonly is: 'nothing' }

const HEAD: State = { is: 'head' }
const NO_BODY: State = { is: 'body', body: undefined }
const FAILED: State = { is: 'nothing' }

/** Shared by all connections: it is used within one call, and keeps only offsets. */
const WHOLE_HEAD = new WholeHeadScanner()
