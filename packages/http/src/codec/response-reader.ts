import { assertNever, type ByteQueue } from '@ropewalk/core/bytes'
import { RemoteProtocolError } from '../errors.ts'
import { type BodyEvent, type BodyReader, ContentLengthReader, END } from './body-reader.ts'
import { ChunkedReader } from './chunked-reader.ts'
import { type Framing, messageFraming } from './framing.ts'
import { HeadScanner } from './head-scanner.ts'
import type { ResponseLimits } from './limits.ts'
import { type StatusLine, StatusLineScanner } from './status-line-scanner.ts'

/** The parsed and checked head of a response. */
export interface ResponseHead extends StatusLine {
  /** Name, value, name, value, … as they were sent; values as latin1, without blanks around them. */
  readonly fields: string[]
  readonly framing: Framing
  /**
   * Whether the connection speaks another protocol after this head: a 101, or the 2xx of a CONNECT. The bytes after
   * it stay in the queue.
   */
  readonly switches: boolean
}

/**
 * An event of a response: any number of `interim` (1xx except 101), one `head`, any number of `data`, one `end`.
 * After a head that switches there is no other event.
 */
export type ResponseEvent = { readonly type: 'interim' | 'head'; readonly head: ResponseHead } | BodyEvent

/**
 * Reads the response to one request (RFC 9112 §4–§7) from bytes, one event at a time.
 *
 * It is strict: input that the grammar does not allow is refused and never repaired.
 */
export class ResponseReader {
  readonly #limits: ResponseLimits
  readonly #method: string
  readonly #line: StatusLineScanner
  readonly #head: HeadScanner
  #state: State = HEAD
  #interimResponses = 0

  /** @param method The method of the request, which decides whether the response has a body. */
  constructor(limits: ResponseLimits, method: string) {
    this.#limits = limits
    this.#method = method
    this.#line = new StatusLineScanner(limits.maxStatusLineBytes)
    this.#head = new HeadScanner(this.#line, limits)
  }

  /**
   * Returns the next event, or undefined when it needs more bytes than `input` has.
   *
   * @throws {RemoteProtocolError} once. After that it returns undefined for any input.
   */
  next(input: ByteQueue): ResponseEvent | undefined {
    try {
      return this.#next(input)
    } catch (error) {
      this.#state = OVER
      throw error
    }
  }

  /**
   * Ends the input: no more bytes will arrive.
   *
   * @returns the end of a body that the end of the connection delimits (RFC 9112 §6.3, rule 8); undefined after the
   *   last event.
   * @throws {RemoteProtocolError} `truncated`, in the middle of a response or before it.
   */
  endOfInput(): BodyEvent | undefined {
    const state = this.#state
    this.#state = OVER
    if (state.is === 'over') return undefined
    if (state.is === 'body' && state.body === 'until-close') return END
    const what = state.is === 'head' && !this.#head.begun ? 'a response' : 'the rest of a response'
    throw new RemoteProtocolError('truncated', `Cannot read ${what}: the input has ended`)
  }

  #next(input: ByteQueue): ResponseEvent | undefined {
    const state = this.#state
    switch (state.is) {
      case 'head':
        return this.#readHead(input)
      case 'body':
        return this.#readBody(input, state.body)
      case 'over':
        return undefined
      default:
        return assertNever(state)
    }
  }

  #readHead(input: ByteQueue): ResponseEvent | undefined {
    const text = this.#head.find(input)
    if (text === undefined) return undefined
    const head = this.#headOf(text)
    this.#head.skip(input)
    if (head.status < 200 && head.status !== 101) return this.#interimRead(head)
    this.#state = head.switches ? OVER : { is: 'body', body: this.#bodyReader(head.framing) }
    return { type: 'head', head }
  }

  #headOf(text: string): ResponseHead {
    const line = this.#line.parts(text)
    const fields = this.#head.fields(text)
    const framing = messageFraming({
      version: line.version,
      message: { status: line.status, method: this.#method },
      contentLengths: valuesOf(fields, 'content-length'),
      transferEncodings: valuesOf(fields, 'transfer-encoding'),
    })
    return { ...line, fields, framing, switches: this.#switches(line.status) }
  }

  #switches(status: number): boolean {
    if (this.#method !== 'CONNECT') return status === 101
    if (status === 101) throw new RemoteProtocolError('unexpected-switch', 'Cannot read a 101 to a CONNECT')
    return status >= 200 && status < 300
  }

  #interimRead(head: ResponseHead): ResponseEvent {
    this.#interimResponses++
    const { maxInterimResponses } = this.#limits
    if (this.#interimResponses > maxInterimResponses) {
      const why = `Cannot read more than ${maxInterimResponses} interim responses`
      throw new RemoteProtocolError('too-many-interim-responses', why)
    }
    return { type: 'interim', head }
  }

  #readBody(input: ByteQueue, body: Body): BodyEvent | undefined {
    if (body === 'until-close') {
      const data = input.takeUpTo(Infinity)
      return data === undefined ? undefined : { type: 'data', data }
    }
    const event = body === 'none' ? END : body.next(input)
    if (event?.type === 'end') this.#state = OVER
    return event
  }

  #bodyReader(framing: Framing): Body {
    switch (framing.kind) {
      case 'none':
      case 'until-close':
        return framing.kind
      case 'length':
        return new ContentLengthReader(framing.bytes)
      case 'chunked':
        return new ChunkedReader({ ...this.#limits, maxBodyBytes: Infinity })
      default:
        return assertNever(framing)
    }
  }
}

function valuesOf(fields: readonly string[], name: string): readonly string[] {
  return fields.filter((_, at) => at % 2 === 1 && fields[at - 1]?.toLowerCase() === name)
}

type Body = BodyReader | 'none' | 'until-close'

/** The next part of a response; each state carries the data that only it needs. */
type State = { readonly is: 'head' } | { readonly is: 'body'; readonly body: Body } | { readonly is: 'over' }

const HEAD: State = { is: 'head' }
const OVER: State = { is: 'over' }
