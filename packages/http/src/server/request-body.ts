import { tolerated } from '@ropewalk/core'
import { ByteQueue } from '@ropewalk/core/bytes'
import { count, type GivenOptions, type OptionRules, withDefaults } from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'

/** How a form is read. */
export interface FormOptions {
  /** With more fields a form is refused with 413. Infinity for no limit. */
  readonly maxFields: number
}

/** How a form is read by default. */
const DEFAULT_FORM_OPTIONS: FormOptions = { maxFields: 1_000 }

const FORM_OPTION_RULES: OptionRules<FormOptions> = { maxFields: count({ endless: true }) }

/** What brings the bytes of a body. */
export interface BodySource {
  /** The body is being read and holds nothing: bring more, unless all has come. */
  bodyWanted(): void
}

/**
 * What the client sends after a request's head, read as it arrives.
 *
 * Nothing is read from the connection before the body is asked for, nor faster than it is taken. It
 * can be read once. Reading fails when the connection is lost or the client breaks the rules; that
 * never becomes an unhandled rejection, so a client cannot end the process.
 */
export class RequestBody implements AsyncIterable<Buffer> {
  readonly #source: BodySource
  readonly #contentType: () => string | undefined
  readonly #held = new ByteQueue()
  #end: BodyEnd = ARRIVING
  #reading = false
  #wake: (() => void) | undefined
  /** What the client has sent instead of what was asked for. */
  #unreadable: HTTPError | undefined

  /** @param contentType Looks the request's Content-Type up, when it is needed. */
  constructor(source: BodySource, contentType: () => string | undefined) {
    this.#source = source
    this.#contentType = contentType
  }

  /** Whether more of it is to come. */
  get arriving(): boolean {
    return this.#end.is === 'arriving'
  }

  /** Whether the reader would take more now. */
  get wanted(): boolean {
    return this.#reading && this.#end.is === 'arriving' && this.#held.length < HIGH_WATER_BYTES
  }

  /** Whether all of it has arrived. */
  get complete(): boolean {
    return this.#end.is === 'complete'
  }

  /** Whether reading has begun. */
  get used(): boolean {
    return this.#reading
  }

  /**
   * The pieces as they come, each the caller's to keep.
   *
   * @throws {TypeError} when it was read before.
   * @throws {RemoteProtocolError | ConnectionClosed} when it breaks off; LocalProtocolError once the response is complete.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const pieces = this.#pieces()
    const next = pieces.next.bind(pieces)
    pieces.next = () => this.#tolerated(next())
    return pieces
  }

  /**
   * All of it. Its size is bounded by `maxBodyBytes`.
   *
   * @throws as reading the pieces does (rejects).
   */
  bytes(): Promise<Buffer> {
    return this.#tolerated(this.#bytes())
  }

  /**
   * All of it as UTF-8.
   *
   * @throws as reading the pieces does (rejects).
   */
  text(): Promise<string> {
    return this.#tolerated(this.#text())
  }

  /**
   * All of it as JSON.
   *
   * @throws {HTTPError} (rejects) 400 when it is not JSON; else as reading the pieces does.
   */
  json(): Promise<unknown> {
    return this.#tolerated(this.#json())
  }

  /**
   * The fields of a form sent as `application/x-www-form-urlencoded`.
   *
   * @throws {HTTPError} (rejects) 415 when the body is of another type, 413 when it has more than `maxFields`, 1 000;
   *   else as reading the pieces does.
   * @throws {TypeError | RangeError} (rejects) for an option that does not exist, or is out of range.
   */
  formData(options?: GivenOptions<FormOptions>): Promise<FormData> {
    return this.#tolerated(this.#formData(options))
  }

  /** A piece has come. */
  pieceReceived(piece: Buffer): void {
    this.#held.push(piece)
    this.#wakeReader()
  }

  /** All has come. */
  completed(): void {
    if (this.#end.is === 'arriving') this.#end = COMPLETE
    this.#wakeReader()
  }

  /** No more will come. What has come can still be read, then the reader gets `error`. */
  failed(error: Error): void {
    if (this.#end.is === 'arriving') this.#end = { is: 'failed', error }
    this.#wakeReader()
  }

  async *#pieces(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#reading) throw new TypeError('Cannot read a request body twice')
    this.#reading = true
    for (;;) {
      const piece = this.#held.takeUpTo(Infinity)
      if (piece !== undefined) yield piece
      else if (this.#end.is === 'complete') return
      else if (this.#end.is === 'failed') throw this.#end.error
      else await this.#more()
    }
  }

  async #bytes(): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.#pieces()) pieces.push(piece)
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
  }

  async #text(): Promise<string> {
    return new TextDecoder().decode(await this.#bytes())
  }

  async #json(): Promise<unknown> {
    const text = await this.#text()
    try {
      return JSON.parse(text) as unknown
    } catch (cause) {
      this.#unreadable = new HTTPError(400, 'Cannot read the body as JSON', { cause })
      throw this.#unreadable
    }
  }

  async #formData(options: GivenOptions<FormOptions> | undefined): Promise<FormData> {
    const { maxFields } = withDefaults('formData', DEFAULT_FORM_OPTIONS, options, FORM_OPTION_RULES)
    const type = this.#contentType()?.split(';', 1)[0]?.trim().toLowerCase()
    if (type !== 'application/x-www-form-urlencoded') {
      const found = type ?? 'a body without Content-Type'
      this.#unreadable = new HTTPError(415, `Cannot read a form from ${found}`)
      throw this.#unreadable
    }
    const text = await this.#text()
    if (hasMoreFields(text, maxFields)) {
      this.#unreadable = new HTTPError(413, `Cannot read a form of more than ${maxFields} fields`)
      throw this.#unreadable
    }
    const form = new FormData()
    for (const [name, value] of new URLSearchParams(text)) form.append(name, value)
    return form
  }

  /** `const text = request.body.text(); await other(); await text` is how people read. */
  #tolerated<T>(reading: Promise<T>): Promise<T> {
    return tolerated(reading, (error) => {
      if (error === this.#unreadable) return true
      return this.#end.is === 'failed' && error === this.#end.error
    })
  }

  async #more(): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.#wake = resolve))
    this.#source.bodyWanted()
    await woken
  }

  #wakeReader(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

/** Counted before any is made: an object for each of 500 000 fields in 1 MiB takes a second. */
function hasMoreFields(form: string, maxFields: number): boolean {
  let fields = form === '' ? 0 : 1
  for (let at = form.indexOf('&'); at >= 0 && fields <= maxFields; at = form.indexOf('&', at + 1)) fields++
  return fields > maxFields
}

type BodyEnd =
  | { readonly is: 'arriving' }
  | { readonly is: 'complete' }
  | { readonly is: 'failed'; readonly error: Error }

const ARRIVING: BodyEnd = { is: 'arriving' }
const COMPLETE: BodyEnd = { is: 'complete' }
const HIGH_WATER_BYTES = 65_536
