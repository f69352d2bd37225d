import { byteCount, count, type GivenOptions, type OptionRules, withDefaults } from '@ropewalk/core/options'
import { tolerated } from '@ropewalk/core/reactor'
import { DEFAULT_FORM_LIMITS, type FormLimits, type FormReader } from '../codec/form-reader.ts'
import { MultipartReader } from '../codec/multipart-reader.ts'
import { UrlencodedReader } from '../codec/urlencoded-reader.ts'
import { HTTPError } from '../errors.ts'
import { lowerCaseElements } from '../message/field-grammar.ts'
import type { Headers } from '../message/headers.ts'
import { parseJSON, requireJSON, requireMediaType, UNTYPED } from './body-json.ts'
import { type BodyRequest, collect, mostBytes, readTwice, type SizeOptions, tooLong } from './body-pieces.ts'
import { FormSource, type Part } from './form-parts.ts'

/** Options for reading a form. */
export interface FormOptions extends FormLimits {
  /** Most bytes of the whole form, as it is sent. Beyond it: 413. Default: no limit besides that of the body. */
  readonly maxBytes: number
}

/** The ways of reading a body. Each reads all of it, and a body can be read once. */
export abstract class ReadableBody implements AsyncIterable<Buffer> {
  readonly #request: BodyRequest

  constructor(request: BodyRequest) {
    this.#request = request
  }

  /** Bytes of the whole body, if its head states them: `Content-Length`. */
  abstract readonly expectedBytes: number | undefined

  /** Whether reading has begun. */
  abstract readonly used: boolean

  /** Returns the pieces as they arrive, without the tolerance for a failure that no code awaits. */
  protected abstract pieces(): AsyncGenerator<Buffer, void, undefined>

  /** Whether reading failed with `error` because the client, or a deadline, ended the body. */
  protected abstract isFailure(error: unknown): boolean

  /** The codings of the pieces: they are to be undone before the body is JSON or a form. */
  protected abstract codings(): readonly string[]

  /**
   * Returns the pieces as they arrive. The caller may keep each piece.
   *
   * @throws {TypeError} when the body was read before.
   * @throws {RemoteProtocolError | HTTPError | ConnectionClosed} when the body breaks off: the client
   *   violated HTTP, a deadline has passed, or the connection is lost. LocalProtocolError once the response
   *   is complete.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    return this.#toleratedPieces(this.pieces())
  }

  /**
   * Returns the whole body.
   *
   * @throws {HTTPError} (rejects) 413 beyond `maxBytes`; else as reading the pieces does.
   */
  bytes(options?: GivenOptions<SizeOptions>): Promise<Buffer> {
    return this.#tolerated(this.#bytes('bytes', options))
  }

  /**
   * Returns the whole body, decoded as UTF-8.
   *
   * @throws as `bytes` does (rejects).
   */
  text(options?: GivenOptions<SizeOptions>): Promise<string> {
    return this.#tolerated(this.#text(options))
  }

  /**
   * Returns the whole body, parsed as JSON. Its type must be `application/json`, or end in `+json`.
   *
   * @throws {HTTPError} (rejects) 415 when it is of another type or coded, 400 when it is not JSON, with the line
   *   and the column; else as `bytes` does.
   */
  json(options?: GivenOptions<SizeOptions>): Promise<unknown> {
    return this.#tolerated(this.#json(options))
  }

  /**
   * Returns a form with all its files in memory: one that was sent as `application/x-www-form-urlencoded` or
   * `multipart/form-data`. For large files use `parts`.
   *
   * @throws as `parts` does (rejects).
   */
  formData(options?: GivenOptions<FormOptions>): Promise<FormData> {
    return this.#tolerated(this.#formData(options))
  }

  /**
   * Returns the fields and files of a form as they arrive, in the order in which they were sent: one that was sent as
   * `application/x-www-form-urlencoded` or `multipart/form-data`. What the caller does not read of a part is dropped
   * when the next one is asked for.
   *
   * @throws {TypeError | RangeError} for an option that does not exist, has the wrong type or is out of range.
   * @throws {HTTPError} (rejects) 415 when the body is of another type or coded, 413 beyond a limit, 400 when the form
   *   is malformed; else as reading the pieces does.
   */
  parts(options?: GivenOptions<FormOptions>): AsyncGenerator<Part, void, undefined> {
    const limits = withDefaults('parts', DEFAULT_FORM_OPTIONS, options, FORM_OPTION_RULES)
    return this.#toleratedPieces(this.#parts(limits))
  }

  async #bytes(owner: string, options: GivenOptions<SizeOptions> | undefined): Promise<Buffer> {
    const maxBytes = mostBytes(owner, options)
    if ((this.expectedBytes ?? 0) > maxBytes) throw tooLong(maxBytes)
    return collect(this.pieces(), maxBytes)
  }

  async #text(options: GivenOptions<SizeOptions> | undefined): Promise<string> {
    return new TextDecoder().decode(await this.#bytes('text', options))
  }

  async #json(options: GivenOptions<SizeOptions> | undefined): Promise<unknown> {
    this.#requireUnused()
    requireJSON(this.#contentType)
    this.#requireNoCoding()
    return parseJSON(await this.#bytes('json', options))
  }

  async #formData(options: GivenOptions<FormOptions> | undefined): Promise<FormData> {
    const limits = withDefaults('formData', DEFAULT_FORM_OPTIONS, options, FORM_OPTION_RULES)
    const form = new FormData()
    for await (const part of this.#parts(limits)) {
      const { name, filename, type } = part
      if (filename === undefined) form.append(name, await part.text())
      else form.append(name, new File([await part.bytes()], filename, { type }))
    }
    return form
  }

  async *#parts(options: FormOptions): AsyncGenerator<Part, void, undefined> {
    this.#requireUnused()
    const reader = formReader(this.#contentType, options)
    this.#requireNoCoding()
    if ((this.expectedBytes ?? 0) > options.maxBytes) throw tooLong(options.maxBytes)
    yield* new FormSource({
      pieces: this.pieces(),
      reader,
      maxBytes: options.maxBytes,
      request: this.#request,
      tolerated: (reading) => this.#tolerated(reading),
    }).parts()
  }

  get #contentType(): string | undefined {
    return this.#request.requestHeaders.get('content-type')
  }

  /** The program's mistake counts more than the client's. */
  #requireUnused(): void {
    if (this.used) throw readTwice()
  }

  #requireNoCoding(): void {
    const codings = this.codings()
    if (codings.length === 0) return
    const found = codings.join(', ').slice(0, 80)
    throw HTTPError.withoutStack(415, `Cannot read a body with Content-Encoding ${found}: send it without`, {
      headers: [['Accept-Encoding', 'identity']],
    })
  }

  /**
   * In `const text = request.body.text(); await other(); await text`, the rejection may come before it is
   * awaited.
   */
  #tolerated<T>(reading: Promise<T>): Promise<T> {
    return tolerated(reading, (error) => error instanceof HTTPError || this.isFailure(error))
  }

  #toleratedPieces<T>(pieces: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
    const next = pieces.next.bind(pieces)
    pieces.next = () => this.#tolerated(next())
    return pieces
  }
}

/** Returns the codings of a body, in the order in which they were applied; `identity` is not one (RFC 9110 §8.4). */
export function contentCodings(headers: Headers): readonly string[] {
  const values = headers.getRawHeaders('content-encoding') ?? []
  return lowerCaseElements(values).filter((coding) => coding !== '' && coding !== 'identity')
}

function formReader(contentType: string | undefined, limits: FormLimits): FormReader {
  const media = contentType === undefined ? undefined : requireMediaType(contentType)
  if (media?.type === 'application/x-www-form-urlencoded') return new UrlencodedReader(limits)
  if (media?.type === 'multipart/form-data') {
    const boundary = media.parameters.get('boundary')
    if (boundary !== undefined) return new MultipartReader(boundary, limits)
    throw HTTPError.withoutStack(400, 'Cannot read a form: its Content-Type has no boundary')
  }
  throw HTTPError.withoutStack(415, `Cannot read a form from ${media?.type ?? UNTYPED}: ${FORM_ADVICE}`)
}

const DEFAULT_FORM_OPTIONS: FormOptions = { ...DEFAULT_FORM_LIMITS, maxBytes: Infinity }
const endless = { endless: true }

const FORM_OPTION_RULES: OptionRules<FormOptions> = {
  maxFields: count(endless),
  maxPartHeadBytes: byteCount(),
  maxNameBytes: byteCount(),
  maxFileNameBytes: byteCount(),
  maxFieldBytes: byteCount(endless),
  maxFileBytes: byteCount(endless),
  maxBytes: byteCount(endless),
}
const FORM_ADVICE = 'send application/x-www-form-urlencoded or multipart/form-data'
