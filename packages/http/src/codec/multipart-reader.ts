import { assertNever, type ByteQueue } from '@ropewalk/core/bytes'
import { HTTPError, RemoteProtocolError } from '../errors.ts'
import { FieldScanner } from './field-scanner.ts'
import {
  type FormEvent,
  type FormLimits,
  type FormReader,
  formTooLarge,
  malformedForm,
} from './form-reader.ts'
import { CR, CRLF_BYTES, LF, SP, TAB } from './grammar.ts'
import { interpretPartHead } from './part-head.ts'

/**
 * Reads a form of the type multipart/form-data (RFC 7578 §4, RFC 2046 §5.1).
 *
 *     --boundary CRLF   lines of the part CRLF   CRLF   data
 *     CRLF --boundary CRLF   …   CRLF --boundary--
 *
 * Lines end with CRLF only. What precedes the first boundary and what follows the last one is ignored (§5.1.1). A line
 * in a part that begins with the boundary and continues otherwise is refused, so a boundary that is the beginning of
 * another one cannot be read in two ways. A part with parts of its own is one part.
 */
export class MultipartReader implements FormReader {
  readonly #limits: FormLimits
  /** CRLF, two hyphens, the boundary. */
  readonly #delimiter: Buffer
  #state: State = { is: 'start' }
  #parts = 0

  /**
   * @param boundary The parameter of the Content-Type.
   * @throws {HTTPError} 400 when it is not a boundary.
   */
  constructor(boundary: string, limits: FormLimits) {
    if (!BOUNDARY.test(boundary))
      throw malformedForm(`the boundary ${JSON.stringify(boundary.slice(0, 80))} is not one`)
    this.#limits = limits
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  }

  next(input: ByteQueue, ended: boolean): FormEvent | undefined {
    for (;;) {
      const before = this.#state
      const event = this.#step(input, ended)
      if (event !== undefined) return event
      // A step that has neither an event nor another state needs more bytes.
      if (this.#state !== before) continue
      if (ended && before.is !== 'over') throw malformedForm('its last boundary is missing')
      return undefined
    }
  }

  #step(input: ByteQueue, ended: boolean): FormEvent | undefined {
    const state = this.#state
    switch (state.is) {
      case 'start':
        return this.#skipFirstBoundary(input)
      case 'preamble':
        return this.#skipPreamble(input)
      case 'delimiter':
        return this.#endDelimiter(input)
      case 'head':
        return this.#readHead(input, state)
      case 'empty':
        return this.#endEmptyPart(input, state.part)
      case 'data':
        return this.#readData(input, state)
      case 'closed':
        return this.#endClosed(input, ended)
      case 'epilogue':
        input.clear()
        return ended ? this.#end() : undefined
      case 'over':
        return undefined
      default:
        return assertNever(state)
    }
  }

  /** The first boundary needs no CRLF before it, at the very beginning. */
  #skipFirstBoundary(input: ByteQueue): undefined {
    const begins = this.#beginsWithBoundary(input)
    if (begins === true) this.#delimiterRead(input, this.#delimiter.length - CRLF_BYTES)
    else if (begins === false) this.#state = { is: 'preamble' }
  }

  #skipPreamble(input: ByteQueue): undefined {
    const bytes = input.view()
    const at = bytes.indexOf(this.#delimiter)
    if (at >= 0) this.#delimiterRead(input, at + this.#delimiter.length)
    else input.skip(bytes.length - this.#heldBytes(bytes))
  }

  #endDelimiter(input: ByteQueue): undefined {
    const bytes = input.view()
    if (bytes[0] === HYPHEN) {
      if (bytes[1] === HYPHEN) {
        input.skip(2)
        this.#state = { is: 'closed' }
      } else if (bytes.length > 1) throw boundaryContinued()
      return
    }
    const lineBytes = paddedLineBytes(bytes)
    if (lineBytes === undefined) return
    if (++this.#parts > this.#limits.maxFields) throw formTooLarge(`${this.#limits.maxFields} fields`)
    input.skip(lineBytes)
    this.#state = { is: 'head', scanner: new FieldScanner(headLimits(this.#limits)), scannedBytes: 0 }
  }

  #readHead(input: ByteQueue, state: HeadState): FormEvent | undefined {
    const bytes = input.view()
    state.scannedBytes = this.#scan(state, bytes)
    if (!state.scanner.complete) return undefined
    const head = interpretPartHead(
      state.scanner.fields(bytes.toString('latin1', 0, state.scannedBytes)),
      this.#limits,
    )
    input.skip(state.scannedBytes)
    const { maxFieldBytes, maxFileBytes } = this.#limits
    this.#state = {
      is: 'empty',
      part:
        head.filename === undefined
          ? { what: 'field', maxBytes: maxFieldBytes }
          : { what: 'file', maxBytes: maxFileBytes },
    }
    return { type: 'part', head }
  }

  #scan({ scanner, scannedBytes }: HeadState, bytes: Uint8Array): number {
    try {
      return scanner.scan(bytes, scannedBytes)
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error
      if (error.violation === 'malformed-field-line') throw malformedForm(error.message)
      throw HTTPError.withoutStack(413, `${error.message} in a part of a form`)
    }
  }

  /** RFC 2046 §5.1.1: a part may end with its lines; the empty line after them is the CRLF of the boundary. */
  #endEmptyPart(input: ByteQueue, part: PartLimit): FormEvent | undefined {
    const begins = this.#beginsWithBoundary(input)
    if (begins === undefined) return undefined
    if (begins) return this.#partEnd(input, this.#delimiter.length - CRLF_BYTES)
    this.#state = { is: 'data', part, readBytes: 0, foundAt: undefined }
    return undefined
  }

  #readData(input: ByteQueue, state: DataState): FormEvent | undefined {
    const bytes = input.view()
    const at = state.foundAt ?? bytes.indexOf(this.#delimiter)
    if (at === 0) return this.#partEnd(input, this.#delimiter.length)
    const data = input.takeUpTo(at > 0 ? at : bytes.length - this.#heldBytes(bytes))
    if (data === undefined) return undefined
    state.readBytes += data.length
    const { what, maxBytes } = state.part
    if (state.readBytes > maxBytes) throw formTooLarge(`${maxBytes} bytes in a ${what}`)
    state.foundAt = at > 0 ? at - data.length : undefined
    return { type: 'data', data }
  }

  /** RFC 2046 §5.1.1: after the last boundary come blanks, then the end or a line that is ignored. */
  #endClosed(input: ByteQueue, ended: boolean): FormEvent | undefined {
    const bytes = input.view()
    if (ended && bytes.every((byte) => byte === SP || byte === TAB)) return this.#end()
    const lineBytes = paddedLineBytes(bytes)
    if (lineBytes !== undefined) {
      input.skip(lineBytes)
      this.#state = { is: 'epilogue' }
    }
    return undefined
  }

  #partEnd(input: ByteQueue, delimiterBytes: number): FormEvent {
    this.#delimiterRead(input, delimiterBytes)
    return { type: 'part-end' }
  }

  #delimiterRead(input: ByteQueue, bytes: number): void {
    input.skip(bytes)
    this.#state = { is: 'delimiter' }
  }

  #end(): FormEvent {
    this.#state = { is: 'over' }
    return { type: 'end' }
  }

  /** Whether the input begins with two hyphens and the boundary; undefined when it is too short to know. */
  #beginsWithBoundary(input: ByteQueue): boolean | undefined {
    const boundary = this.#delimiter.subarray(CRLF_BYTES)
    const bytes = input.view().subarray(0, boundary.length)
    if (!bytes.equals(boundary.subarray(0, bytes.length))) return false
    return bytes.length === boundary.length ? true : undefined
  }

  /** The number of last bytes that may be the beginning of a delimiter. */
  #heldBytes(bytes: Buffer): number {
    const delimiter = this.#delimiter
    let at = bytes.indexOf(CR, Math.max(0, bytes.length - delimiter.length + 1))
    for (; at >= 0; at = bytes.indexOf(CR, at + 1)) {
      if (bytes.subarray(at).equals(delimiter.subarray(0, bytes.length - at))) return bytes.length - at
    }
    return 0
  }
}

/**
 * Returns the length of the rest of a boundary's line: blanks, CRLF.
 *
 * @returns undefined when it has not all arrived.
 * @throws {HTTPError} 400 when the line has anything else.
 */
function paddedLineBytes(bytes: Buffer): number | undefined {
  let at = 0
  while (bytes[at] === SP || bytes[at] === TAB) at++
  if (at > MAX_PADDING_BYTES) throw boundaryContinued()
  if (at < bytes.length && bytes[at] !== CR) throw boundaryContinued()
  if (at + 1 < bytes.length && bytes[at + 1] !== LF) throw boundaryContinued()
  return at + 1 < bytes.length ? at + CRLF_BYTES : undefined
}

function boundaryContinued(): HTTPError {
  return malformedForm('the line of a boundary has more than the boundary')
}

function headLimits({ maxPartHeadBytes }: FormLimits): ConstructorParameters<typeof FieldScanner>[0] {
  return { maxBytes: maxPartHeadBytes, maxCount: MAX_PART_FIELDS, tooLarge: 'head-too-large' }
}

interface PartLimit {
  readonly what: 'field' | 'file'
  readonly maxBytes: number
}

interface HeadState {
  readonly is: 'head'
  readonly scanner: FieldScanner
  scannedBytes: number
}

interface DataState {
  readonly is: 'data'
  readonly part: PartLimit
  readBytes: number
  /** Where the next delimiter begins, once it was found. */
  foundAt: number | undefined
}

/** The next part of the form; each state carries the data that only it needs. */
type State =
  | { readonly is: 'start' }
  | { readonly is: 'preamble' }
  /** A boundary was read, and not the rest of its line. */
  | { readonly is: 'delimiter' }
  | HeadState
  /** The lines of a part were read; it may end at once. */
  | { readonly is: 'empty'; readonly part: PartLimit }
  | DataState
  /** The last boundary was read. */
  | { readonly is: 'closed' }
  | { readonly is: 'epilogue' }
  | { readonly is: 'over' }

const HYPHEN = 0x2d
const MAX_PADDING_BYTES = 256
/** A part has two or three lines. */
const MAX_PART_FIELDS = 16
/** RFC 2046 §5.1.1: 1 to 70 characters, of which the last is not a blank. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/
