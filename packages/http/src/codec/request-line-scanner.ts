import { assertNever } from '@ropewalk/core/bytes'
import { RemoteProtocolError, type Violation } from '../errors.ts'
import { CR, CRLF_BYTES, DIGIT_0, hexByte, LF, SP, TCHAR, VISIBLE } from './grammar.ts'

/**
 * Finds the parts of a request line (RFC 9112 §3) as its bytes arrive:
 *
 *     GET SP /where?q=now SP HTTP/1.1 CRLF
 *
 * Every byte is examined once. A byte that is not allowed is refused as soon as it arrives. Offsets count
 * from the first byte scanned.
 */
export class RequestLineScanner {
  readonly #maxBytes: number
  #part: Part = 'before'
  #emptyLines = 0
  #start = 0
  #methodEnd = 0
  #targetEnd = 0
  #versionEnd = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Prepares for the next line. */
  reset(): void {
    this.#part = 'before'
    this.#emptyLines = 0
    this.#start = 0
  }

  /**
   * Scans more of the line.
   *
   * @param from The offset in `bytes` to continue at: what the last call returned.
   * @returns the offset after the last byte scanned; `complete` is true when the line ends there.
   * @throws {RemoteProtocolError} when a byte is not allowed, the line is too long, or its version is not
   *   supported.
   */
  scan(bytes: Uint8Array, from: number): number {
    let at = from
    let end = this.#end(bytes)
    while (at < end && this.#part !== 'complete') {
      at = this.#scanPart(bytes, at, end)
      end = this.#end(bytes)
    }
    if (this.#part !== 'complete' && at === this.#start + this.#maxBytes + CRLF_BYTES) throw this.#tooLong()
    return at
  }

  /** Whether a line has begun; empty lines before it do not count. */
  get begun(): boolean {
    return this.#part !== 'before'
  }

  /** Whether the line has ended. */
  get complete(): boolean {
    return this.#part === 'complete'
  }

  /** Returns the method, target and minor version of a complete line; `text` is the scanned bytes. */
  parts(text: string): { method: string; target: string; minorVersion: string } {
    return {
      method: text.slice(this.#start, this.#methodEnd),
      target: text.slice(this.#methodEnd + 1, this.#targetEnd),
      minorVersion: text.charAt(this.#versionEnd - 1),
    }
  }

  /**
   * Where to stop. Bytes beyond the limit are not examined: the result must not depend on how the input is
   * cut.
   */
  #end(bytes: Uint8Array): number {
    return Math.min(bytes.length, this.#start + this.#maxBytes + CRLF_BYTES)
  }

  #scanPart(bytes: Uint8Array, at: number, end: number): number {
    switch (this.#part) {
      case 'before':
        return this.#scanBefore(bytes, at)
      case 'empty-line-lf':
        this.#part = 'before'
        this.#start = at + 1
        return expectLF(bytes, at)
      case 'method':
        return this.#scanMethod(bytes, at, end)
      case 'target':
        return this.#scanTarget(bytes, at, end)
      case 'version':
        return this.#scanVersion(bytes, at, end)
      case 'lf':
        this.#part = 'complete'
        return expectLF(bytes, at)
      case 'complete':
        return at
      default:
        return assertNever(this.#part)
    }
  }

  /** RFC 9112 §2.2: a server should ignore at least one empty line before the request line. */
  #scanBefore(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] ?? 0
    if (byte === CR && ++this.#emptyLines <= MAX_EMPTY_LINES) {
      this.#part = 'empty-line-lf'
      return at + 1
    }
    if (TCHAR[byte] !== 1) throw refuse('malformed-request-line', 'a request cannot begin with', byte)
    this.#part = 'method'
    return at
  }

  #scanMethod(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    while (at < end && TCHAR[bytes[at] ?? 0] === 1) at++
    if (at === end) return at
    if (bytes[at] !== SP) throw refuse('malformed-request-line', 'a method cannot hold', bytes[at])
    this.#methodEnd = at
    this.#part = 'target'
    return at + 1
  }

  #scanTarget(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    while (at < end && VISIBLE[bytes[at] ?? 0] === 1) at++
    if (at === end) return at
    if (bytes[at] !== SP || at === this.#methodEnd + 1) {
      throw refuse('malformed-request-line', 'a target cannot be empty or hold', bytes[at])
    }
    this.#targetEnd = at
    this.#part = 'version'
    return at + 1
  }

  #scanVersion(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    for (; at < end; at++) {
      const index = at - this.#targetEnd - 1
      const byte = bytes[at] ?? 0
      if (index === VERSION.length) return this.#versionRead(bytes, at)
      const isDigit = byte >= DIGIT_0 && byte <= DIGIT_9
      const wanted = VERSION.charCodeAt(index)
      if (wanted === DIGIT_0 ? !isDigit : byte !== wanted) {
        throw refuse('malformed-version', 'a version cannot hold', byte)
      }
    }
    return at
  }

  #versionRead(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== CR) throw refuse('malformed-version', 'a request line cannot continue with', bytes[at])
    const major = bytes[at - 3] ?? 0
    const minor = bytes[at - 1] ?? 0
    // RFC 9110 §6.2: a higher minor version is processed as the highest that is known, 1.1.
    if (major !== DIGIT_1) {
      const version = `${String.fromCharCode(major)}.${String.fromCharCode(minor)}`
      throw new RemoteProtocolError('unsupported-version', `Cannot serve HTTP/${version}`)
    }
    this.#versionEnd = at
    this.#part = 'lf'
    return at + 1
  }

  #tooLong(): RemoteProtocolError {
    const violation = this.#part === 'method' ? 'method-too-long' : 'request-line-too-long'
    return new RemoteProtocolError(
      violation,
      `Cannot read a request line of more than ${this.#maxBytes} bytes`,
    )
  }
}

function expectLF(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== LF) throw refuse('malformed-request-line', 'CR cannot be followed by', bytes[at])
  return at + 1
}

function refuse(violation: Violation, what: string, byte: number | undefined): RemoteProtocolError {
  return new RemoteProtocolError(violation, `Cannot read request line: ${what} ${hexByte(byte ?? 0)}`)
}

type Part = 'before' | 'empty-line-lf' | 'method' | 'target' | 'version' | 'lf' | 'complete'

/** Each 0 stands for any digit. */
const VERSION = 'HTTP/0.0'
const DIGIT_1 = 0x31
const DIGIT_9 = 0x39
const MAX_EMPTY_LINES = 4
