import { COLON, CR, CRLF_BYTES, DIGIT_0, FIELD_CONTENT, LF, SP, TAB, TCHAR, VISIBLE } from './grammar.ts'

/** The limits of a request's head. */
export interface WholeHeadLimits {
  readonly maxRequestLineBytes: number
  readonly maxHeadBytes: number
  readonly maxFieldCount: number
}

/**
 * Finds the parts of a request's head that lies in one piece, in one pass over its bytes.
 *
 * It is the fast path beside `RequestLineScanner` and `FieldScanner`: it finds a part of what they accept, with the same
 * result, and refuses nothing. What it does not find, they read from the beginning: a head that is cut, empty lines
 * before it, and every head that is to be refused.
 *
 * It keeps nothing from one call of `find` to the next but offsets, so that all connections can share one scanner.
 */
export class WholeHeadScanner {
  /** The offsets at which each name and value starts and ends, four for each line. */
  readonly #marks = new Int32Array(MOST_FIELDS * 4)
  #markCount = 0
  #start = 0
  #methodEnd = 0
  #targetEnd = 0
  #minorVersion = 0
  #end = 0

  /**
   * Finds the head that begins at `from`. The other methods are about the last head that was found.
   *
   * @returns whether it was found.
   */
  find(bytes: Uint8Array, from: number, limits: WholeHeadLimits): boolean {
    const fieldsStart = this.#findLine(bytes, from, limits.maxRequestLineBytes)
    if (fieldsStart === NOT_FOUND) return false
    const end = Math.min(bytes.length, fieldsStart + limits.maxHeadBytes)
    this.#end = this.#findFields(bytes, fieldsStart, end, Math.min(limits.maxFieldCount, MOST_FIELDS) * 4)
    return this.#end !== NOT_FOUND
  }

  /** Bytes of the head. */
  get bytes(): number {
    return this.#end - this.#start
  }

  /** Returns the text of the head: its bytes as latin1. The methods with the parameter `text` expect it. */
  text(bytes: Buffer): string {
    return bytes.toString('latin1', this.#start, this.#end)
  }

  /** Returns the method. */
  method(text: string): string {
    for (const method of COMMON_METHODS)
      if (this.#methodEnd - this.#start === method.length && text.startsWith(method)) return method
    return text.slice(0, this.#methodEnd - this.#start)
  }

  /** Returns the request target. */
  target(text: string): string {
    return text.slice(this.#methodEnd + 1 - this.#start, this.#targetEnd - this.#start)
  }

  /** The version that the head is read as. */
  get version(): '1.0' | '1.1' {
    // RFC 9110 §6.2: a higher minor version is processed as the highest that is known, 1.1.
    return this.#minorVersion === DIGIT_0 ? '1.0' : '1.1'
  }

  /** Returns name, value, name, value, … */
  fields(text: string): string[] {
    const marks = this.#marks
    const start = this.#start
    // Of the exact size: an array that grows has space for 17 strings, and most heads have fewer or more.
    // oxlint-disable-next-line unicorn/no-new-array -- it is the length
    const fields = new Array<string>(this.#markCount / 2)
    for (let at = 0; at < fields.length; at++)
      fields[at] = text.slice((marks[at * 2] ?? 0) - start, (marks[at * 2 + 1] ?? 0) - start)
    return fields
  }

  /** Returns where the line after the request line begins. */
  #findLine(bytes: Uint8Array, from: number, maxBytes: number): number {
    const end = Math.min(bytes.length - CRLF_BYTES, from + maxBytes)
    let at = from
    while (at < end && TCHAR[bytes[at] ?? 0] === 1) at++
    if (at >= end || at === from || bytes[at] !== SP) return NOT_FOUND
    const methodEnd = at++
    while (at < end && VISIBLE[bytes[at] ?? 0] === 1) at++
    const lineEnd = at + 1 + VERSION.length + 1
    if (lineEnd > end || at === methodEnd + 1 || bytes[at] !== SP) return NOT_FOUND
    this.#targetEnd = at++
    for (const byte of VERSION) if (bytes[at++] !== byte) return NOT_FOUND
    const minorVersion = bytes[at] ?? 0
    if (minorVersion < DIGIT_0 || minorVersion > DIGIT_9) return NOT_FOUND
    if (bytes[lineEnd] !== CR || bytes[lineEnd + 1] !== LF) return NOT_FOUND
    this.#start = from
    this.#methodEnd = methodEnd
    this.#minorVersion = minorVersion
    return lineEnd + CRLF_BYTES
  }

  /** Returns where the head ends, after the empty line. */
  #findFields(bytes: Uint8Array, from: number, end: number, mostMarks: number): number {
    const marks = this.#marks
    let count = 0
    let at = from
    for (;;) {
      const start = at
      while (at < end && TCHAR[bytes[at] ?? 0] === 1) at++
      if (at + 1 >= end) return NOT_FOUND
      if (at === start) break
      if (bytes[at] !== COLON || count >= mostMarks) return NOT_FOUND
      const nameEnd = at++
      while (at < end && (bytes[at] === SP || bytes[at] === TAB)) at++
      const valueStart = at
      while (at < end && FIELD_CONTENT[bytes[at] ?? 0] === 1) at++
      if (at + 1 >= end || bytes[at] !== CR || bytes[at + 1] !== LF) return NOT_FOUND
      let valueEnd = at
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === TAB)) valueEnd--
      marks[count] = start
      marks[count + 1] = nameEnd
      marks[count + 2] = valueStart
      marks[count + 3] = valueEnd
      count += 4
      at += CRLF_BYTES
    }
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return NOT_FOUND
    this.#markCount = count
    return at + CRLF_BYTES
  }
}

const NOT_FOUND = -1
/** A head with more fields is left to the other scanners, whatever the limit is. */
const MOST_FIELDS = 128
/** They are not cut out of the text, so that comparing them later is cheap. */
const COMMON_METHODS: readonly string[] = ['GET', 'POST', 'HEAD']
/** The beginning of a version, without its last digit. */
const VERSION: Uint8Array = Buffer.from('HTTP/1.')
const DIGIT_9 = 0x39
