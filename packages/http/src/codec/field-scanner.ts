import { assertNever } from '@ropewalk/core/bytes'
import { RemoteProtocolError } from '../errors.ts'
import { COLON, CR, FIELD_CONTENT, hexByte, LF, SP, TAB, TCHAR } from './grammar.ts'

/** The limits of a section of field lines. */
export interface FieldLimits {
  /** Most bytes of all lines and of the empty line that ends them, CRLFs included. */
  readonly maxBytes: number
  readonly maxCount: number
  /** The violation to throw when the section has more than `maxBytes`. */
  readonly tooLarge: 'head-too-large' | 'trailers-too-large'
}

/**
 * Finds the names and values of a section of field lines as its bytes arrive. The section includes the
 * empty line that ends it:
 *
 *     Name: value CRLF   Name: value CRLF   CRLF
 *
 * Every byte is examined once, or twice in the line in which the input is cut. A byte that is not allowed is
 * refused as soon as it arrives: a blank before
 * the colon, a blank at the start of a line (obs-fold), a bare CR or LF (RFC 9112 §5, §2.2).
 */
export class FieldScanner {
  readonly #limits: FieldLimits
  #part: Part = 'line'
  #start = 0
  #nameStart = 0
  #nameEnd = 0
  #valueStart = 0
  /** The offsets at which each name and value starts and ends, four for each line. */
  #marks: number[] = []

  constructor(limits: FieldLimits) {
    this.#limits = limits
  }

  /** Begins a new section at offset `start`. */
  reset(start: number): void {
    this.#part = 'line'
    this.#start = start
    this.#marks = []
  }

  /** Whether the section has ended. */
  get complete(): boolean {
    return this.#part === 'complete'
  }

  /**
   * Scans more of the section.
   *
   * @param from The offset in `bytes` to continue at: what the last call returned.
   * @returns the offset after the last byte scanned; `complete` is true when the section ends there.
   * @throws {RemoteProtocolError} `malformed-field-line` or `too-many-fields`; `tooLarge` beyond `maxBytes`.
   */
  scan(bytes: Uint8Array, from: number): number {
    const { tooLarge, maxBytes } = this.#limits
    // Bytes beyond the limit are not examined: the result must not depend on how the input is cut.
    const end = Math.min(bytes.length, this.#start + maxBytes)
    let at = from
    while (at < end && this.#part !== 'complete')
      at = this.#part === 'line' ? this.#scanLines(bytes, at, end) : this.#scanPart(bytes, at, end)
    if (this.#part !== 'complete' && at === this.#start + maxBytes) {
      throw new RemoteProtocolError(tooLarge, `Cannot read more than ${maxBytes} bytes of field lines`)
    }
    return at
  }

  /** Returns name, value, name, value, … of a complete section; `text` is the scanned bytes as latin1. */
  fields(text: string): string[] {
    const marks = this.#marks
    const fields: string[] = []
    for (let i = 0; i < marks.length; i += 2) fields.push(text.slice(marks[i], marks[i + 1]))
    return fields
  }

  /**
   * Scans lines that are here whole, in one pass each. Stops before any other line, the empty one too, and begins
   * to scan that one part by part.
   */
  #scanLines(bytes: Uint8Array, from: number, end: number): number {
    let start = from
    const most = this.#limits.maxCount * 4
    while (this.#marks.length < most) {
      let at = start
      while (at < end && TCHAR[bytes[at] ?? 0] === 1) at++
      const nameEnd = at
      if (nameEnd === start || bytes[at] !== COLON) break
      at++
      while (at < end && (bytes[at] === SP || bytes[at] === TAB)) at++
      const valueStart = at
      while (at < end && FIELD_CONTENT[bytes[at] ?? 0] === 1) at++
      if (at + 1 >= end || bytes[at] !== CR || bytes[at + 1] !== LF) break
      this.#marks.push(start, nameEnd, valueStart, withoutBlanks(bytes, valueStart, at))
      start = at + 2
    }
    return start === end ? start : this.#scanLineStart(bytes, start)
  }

  #scanPart(bytes: Uint8Array, at: number, end: number): number {
    switch (this.#part) {
      case 'line':
        return this.#scanLineStart(bytes, at)
      case 'name':
        return this.#scanName(bytes, at, end)
      case 'before-value':
        return this.#scanBeforeValue(bytes, at, end)
      case 'value':
        return this.#scanValue(bytes, at, end)
      case 'lf':
        this.#part = 'line'
        return expectLF(bytes, at)
      case 'last-lf':
        this.#part = 'complete'
        return expectLF(bytes, at)
      case 'complete':
        return at
      default:
        return assertNever(this.#part)
    }
  }

  #scanLineStart(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] ?? 0
    if (byte === CR) {
      this.#part = 'last-lf'
      return at + 1
    }
    if (TCHAR[byte] !== 1) throw refuse('a field line cannot begin with', byte)
    if (this.#marks.length === this.#limits.maxCount * 4) {
      throw new RemoteProtocolError(
        'too-many-fields',
        `Cannot read more than ${this.#limits.maxCount} field lines`,
      )
    }
    this.#nameStart = at
    this.#part = 'name'
    return at
  }

  #scanName(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    while (at < end && TCHAR[bytes[at] ?? 0] === 1) at++
    if (at === end) return at
    if (bytes[at] !== COLON) throw refuse('a field name cannot hold', bytes[at])
    this.#nameEnd = at
    this.#part = 'before-value'
    return at + 1
  }

  #scanBeforeValue(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    while (at < end && (bytes[at] === SP || bytes[at] === TAB)) at++
    if (at === end) return at
    this.#valueStart = at
    this.#part = 'value'
    return at
  }

  #scanValue(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    while (at < end && FIELD_CONTENT[bytes[at] ?? 0] === 1) at++
    if (at === end) return at
    if (bytes[at] !== CR) throw refuse('a field value cannot hold', bytes[at])
    const valueEnd = withoutBlanks(bytes, this.#valueStart, at)
    this.#marks.push(this.#nameStart, this.#nameEnd, this.#valueStart, valueEnd)
    this.#part = 'lf'
    return at + 1
  }
}

/** Returns where a value ends, without the blanks before `end`. */
function withoutBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = end
  while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === TAB)) at--
  return at
}

function expectLF(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== LF) throw refuse('CR cannot be followed by', bytes[at])
  return at + 1
}

function refuse(what: string, byte: number | undefined): RemoteProtocolError {
  return new RemoteProtocolError(
    'malformed-field-line',
    `Cannot read field line: ${what} ${hexByte(byte ?? 0)}`,
  )
}

type Part = 'line' | 'name' | 'before-value' | 'value' | 'lf' | 'last-lf' | 'complete'
