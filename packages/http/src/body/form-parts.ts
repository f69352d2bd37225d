import { ByteQueue } from '@ropewalk/core/bytes'
import { checkValue, type GivenOptions, path as pathRule } from '@ropewalk/core/options'
import type { FormEvent, FormReader, PartHead } from '../codec/form-reader.ts'
import { Headers } from '../message/headers.ts'
import { type SavedFile, saveFile } from '../uploads/saved-file.ts'
import { type BodyRequest, collect, mostBytes, type SizeOptions, tooLong } from './body-pieces.ts'

/**
 * One field of a form, or one file. Its bytes are read once, and before the next part: what is unread is dropped when
 * the next part is asked for.
 */
export class Part implements AsyncIterable<Buffer> {
  /** The field's name. */
  readonly name: string
  /**
   * The client's name for a file, without directories: to show it, not to open it. It is empty when the user has chosen
   * no file, and undefined when the part is not a file.
   */
  readonly filename: string | undefined
  /** The media type that the client states, in lower case and without parameters: it may be wrong. */
  readonly type: string
  /** All header lines of the part. */
  readonly headers: Headers
  readonly #form: FormSource
  #used = false

  /** `parts()` of a body calls this. */
  constructor(head: PartHead, form: FormSource) {
    this.name = head.name
    this.filename = head.filename
    this.type = head.type
    this.headers = Headers.fromFields(head.fields)
    this.#form = form
  }

  /**
   * Returns the bytes as they arrive. The caller may keep each piece.
   *
   * @throws {TypeError} when the part was read before, or the next part was asked for.
   * @throws {HTTPError} 413 beyond a limit of the form, 400 when the form is malformed; else as reading the body does.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const pieces = this.#pieces()
    const next = pieces.next.bind(pieces)
    pieces.next = () => this.#form.finishing(next())
    return pieces
  }

  /**
   * Returns all bytes.
   *
   * @throws as reading the pieces does (rejects); {HTTPError} 413 beyond `maxBytes`.
   */
  bytes(options?: GivenOptions<SizeOptions>): Promise<Buffer> {
    return this.#form.finishing(this.#bytes('bytes', options))
  }

  /**
   * Returns all bytes, decoded as UTF-8.
   *
   * @throws as `bytes` does (rejects).
   */
  text(options?: GivenOptions<SizeOptions>): Promise<string> {
    return this.#form.finishing(this.#text(options))
  }

  /**
   * Writes the bytes to a new file in a directory, piece by piece. The file is removed when the request ends: call
   * `keep()` of it to keep it.
   *
   * @param directory An existing directory. The file gets a name that cannot be guessed.
   * @throws {TypeError | RangeError} (rejects) when `directory` is not a path.
   * @throws {HTTPError} 503 (rejects) when the process has no descriptor left, 507 when the disk is full.
   * @throws as reading the pieces does (rejects), or with the system's error. Then the file is removed.
   */
  saveTo(directory: string): Promise<SavedFile> {
    return this.#form.finishing(this.#saveTo(directory))
  }

  async #bytes(owner: string, options: GivenOptions<SizeOptions> | undefined): Promise<Buffer> {
    return collect(this.#pieces(), mostBytes(owner, options))
  }

  async #text(options: GivenOptions<SizeOptions> | undefined): Promise<string> {
    return new TextDecoder().decode(await this.#bytes('text', options))
  }

  async #saveTo(directory: string): Promise<SavedFile> {
    checkValue('saveTo', 'directory', directory, pathRule)
    const { reactor, finished } = this.#form.request
    const name = `upload-${reactor.randomBytes(16).toString('hex')}`
    const file = await saveFile(this.#pieces(), directory, name, this)
    void finished.then(async () => {
      try {
        await file.remove()
      } catch (error) {
        const text = 'An uploaded file cannot be removed: {path}'
        reactor.log({ namespace: 'ropewalk.http', level: 'warn', text, fields: { path: file.path }, error })
      }
    })
    return file
  }

  async *#pieces(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#used) throw new TypeError('Cannot read a part twice')
    this.#used = true
    for (let piece; (piece = await this.#form.pieceOf(this)) !== undefined;) yield piece
  }
}

/** Where the parts of a form come from. */
export interface FormSourceSetup {
  readonly pieces: AsyncGenerator<Buffer, void, undefined>
  readonly reader: FormReader
  /** Most bytes of all pieces. */
  readonly maxBytes: number
  readonly request: BodyRequest
  /** Returns a promise with the same outcome, whose rejection may be ignored when the client caused it. */
  readonly tolerated: <T>(reading: Promise<T>) => Promise<T>
}

/** The parts of a form, one after the other, and the bytes of the current one. */
export class FormSource {
  readonly #setup: FormSourceSetup
  readonly #input = new ByteQueue()
  #receivedBytes = 0
  #ended = false
  #current: Part | undefined
  /** The reading that the next part waits for. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(setup: FormSourceSetup) {
    this.#setup = setup
  }

  /** The request that the form belongs to. */
  get request(): BodyRequest {
    return this.#setup.request
  }

  /** Returns the parts. It drops what is unread of a part when the next one is asked for. */
  async *parts(): AsyncGenerator<Part, void, undefined> {
    try {
      for (let part; (part = await this.#nextPart()) !== undefined;) yield part
    } finally {
      this.#current = undefined
      // It is not awaited: a piece that is awaited at the same time may never arrive.
      this.#setup.pieces.return().catch(() => undefined)
    }
  }

  /** Returns the next bytes of a part; undefined at its end. */
  async pieceOf(part: Part): Promise<Buffer | undefined> {
    if (this.#current !== part) throw new TypeError('Cannot read a part after the next one was asked for')
    const event = await this.#nextEvent()
    if (event.type === 'data') return event.data
    this.#current = undefined
    return undefined
  }

  /** Makes the next part wait for a reading of the current one. The caller gets its outcome. */
  finishing<T>(reading: Promise<T>): Promise<T> {
    this.#reading = reading.catch(() => undefined)
    return this.#setup.tolerated(reading)
  }

  async #nextPart(): Promise<Part | undefined> {
    // A part whose text was asked for, and is not awaited yet, keeps its bytes.
    await this.#reading
    this.#current = undefined
    for (;;) {
      const event = await this.#nextEvent()
      if (event.type === 'end') return undefined
      if (event.type !== 'part') continue
      this.#current = new Part(event.head, this)
      return this.#current
    }
  }

  async #nextEvent(): Promise<FormEvent> {
    const { pieces, reader, maxBytes } = this.#setup
    for (;;) {
      const event = reader.next(this.#input, this.#ended)
      if (event !== undefined) return event
      const { done, value } = await pieces.next()
      if (done === true) this.#ended = true
      else {
        this.#receivedBytes += value.length
        if (this.#receivedBytes > maxBytes) throw tooLong(maxBytes)
        this.#input.push(value)
      }
    }
  }
}
