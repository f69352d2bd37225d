import { tolerated } from '@ropewalk/core/reactor'
import { ByteQueue } from '@ropewalk/core/bytes'
import { count, type GivenOptions, type OptionRules, withDefaults } from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'

/** Options for reading a form. */
export interface FormOptions {
  /** Most fields of a form. Beyond it: 413. Infinity for no limit. Default 1 000. */
  readonly maxFields: number
}

/** The default options for reading a form. */
const DEFAULT_FORM_OPTIONS: FormOptions = { maxFields: 1_000 }

const FORM_OPTION_RULES: OptionRules<FormOptions> = { maxFields: count({ endless: true }) }

/** The source of a body's bytes. */
export interface BodySource {
  /** Is called when the body is being read and has no bytes: provides more, unless all have arrived. */
  bodyWanted(): void
}

/**
 * The body of a request, read as it arrives.
 *
 * Beyond 64 KiB, nothing is read from the connection before the body is read, nor faster than it is
 * read. A body can be read once. Reading fails when the connection is lost or the client violates HTTP.
 * That never becomes an unhandled rejection, so a client cannot end the process.
 */
export class RequestBody implements AsyncIterable<Buffer> {
  readonly #source: BodySource
  readonly #contentType: () => string | undefined
  readonly #held = new ByteQueue()
  #end: BodyEnd = ARRIVING
  #reading = false
  #wake: (() => void) | undefined
  /** The error for a body that is not of the kind that the program reads. */
  #unreadable: HTTPError | undefined

  /** @param contentType Returns the request's Content-Type; called when it is needed. */
  constructor(source: BodySource, contentType: () => string | undefined) {
    this.#source = source
    this.#contentType = contentType
  }

  /** Whether more of it is to arrive. */
  get arriving(): boolean {
    return this.#end.is === 'arriving'
  }

  /** Whether the reader accepts more bytes now. */
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
   * Returns the pieces as they arrive. The caller may keep each piece.
   *
   * @throws {TypeError} when the body was read before.
   * @throws {RemoteProtocolError | HTTPError | ConnectionClosed} when the body breaks off: the client
   *   violated HTTP, a deadline has passed, or the connection is lost. LocalProtocolError once the response
   *   is complete.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const pieces = this.#pieces()
    const next = pieces.next.bind(pieces)
    pieces.next = () => this.#tolerated(next())
    return pieces
  }

  /**
   * Returns the whole body. `maxBodyBytes` limits its size.
   *
   * @throws as reading the pieces does (rejects).
   */
  bytes(): Promise<Buffer> {
    return this.#tolerated(this.#bytes())
  }

  /**
   * Returns the whole body, decoded as UTF-8.
   *
   * @throws as reading the pieces does (rejects).
   */
  text(): Promise<string> {
    return this.#tolerated(this.#text())
  }

  /**
   * Returns the whole body, parsed as JSON.
   *
   * @throws {HTTPError} (rejects) 400 when it is not JSON; else as reading the pieces does.
   */
  json(): Promise<unknown> {
    return this.#tolerated(this.#json())
  }

  /**
   * Returns the fields of a form that was sent as `application/x-www-form-urlencoded`.
   *
   * @throws {HTTPError} (rejects) 415 when the body is of another type, 413 when it has more than
   *   `maxFields`, 1 000; else as reading the pieces does.
   * @throws {TypeError | RangeError} (rejects) for an option that does not exist, has the wrong type or is
   *   out of range.
   */
  formData(options?: GivenOptions<FormOptions>): Promise<FormData> {
    return this.#tolerated(this.#formData(options))
  }

  /** Queues a piece that has arrived. */
  pieceReceived(piece: Buffer): void {
    this.#held.push(piece)
    this.#wakeReader()
  }

  /** Ends the body: all of it has arrived. */
  completed(): void {
    if (this.#end.is === 'arriving') this.#end = COMPLETE
    this.#wakeReader()
  }

  /** Ends the body early. The bytes received can still be read; after them reading throws `error`. */
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

  /**
   * In `const text = request.body.text(); await other(); await text`, the rejection may come before it is
   * awaited.
   */
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

/** Counts before any field is made: making objects for the 500 000 fields of 1 MiB takes a second. */
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
