import { RemoteProtocolError } from '../errors.ts'
import type { HTTPVersion } from './framing.ts'
import { CR, CRLF_BYTES, DIGIT_0, FIELD_CONTENT, hexByte, LF } from './grammar.ts'

/** The parts of a status line. */
export interface StatusLine {
  readonly version: HTTPVersion
  /** 100 to 599. */
  readonly status: number
  /** As latin1; '' when the line has none. */
  readonly reason: string
}

/**
 * Finds the parts of a status line (RFC 9112 §4) as its bytes arrive:
 *
 *     HTTP/1.1 SP 101 SP Switching Protocols CRLF
 *
 * Every byte is examined once. A byte that is not allowed is refused as soon as it arrives: a blank that is missing
 * before an empty reason, too. Offsets count from the first byte scanned.
 */
export class StatusLineScanner {
  readonly #maxBytes: number
  #part: 'fixed' | 'reason' | 'lf' | 'complete' = 'fixed'
  #reasonEnd = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Prepares for the next line. */
  reset(): void {
    this.#part = 'fixed'
  }

  /** Whether the line has ended. */
  get complete(): boolean {
    return this.#part === 'complete'
  }

  /**
   * Scans more of the line.
   *
   * @param from The offset in `bytes` to continue at: what the last call returned.
   * @returns the offset after the last byte scanned; `complete` is true when the line ends there.
   * @throws {RemoteProtocolError} when a byte is not allowed, the line is too long, its version is not supported, or
   *   its status is not from 100 to 599.
   */
  scan(bytes: Uint8Array, from: number): number {
    // Bytes beyond the limit are not examined: the result must not depend on how the input is cut.
    const end = Math.min(bytes.length, this.#maxBytes + CRLF_BYTES)
    let at = from
    if (this.#part === 'fixed') at = this.#scanFixed(bytes, at, end)
    if (this.#part === 'reason') at = this.#scanReason(bytes, at, end)
    if (this.#part === 'lf' && at < end) at = this.#scanLF(bytes, at)
    if (this.#part !== 'complete' && at === this.#maxBytes + CRLF_BYTES) {
      const why = `Cannot read a status line of more than ${this.#maxBytes} bytes`
      throw new RemoteProtocolError('status-line-too-long', why)
    }
    return at
  }

  /** Returns the parts of a complete line; `text` is the scanned bytes as latin1. */
  parts(text: string): StatusLine {
    return {
      version: text.charAt(MINOR_AT) === '0' ? '1.0' : '1.1',
      status: Number(text.slice(STATUS_AT, STATUS_AT + 3)),
      reason: text.slice(FIXED.length, this.#reasonEnd),
    }
  }

  #scanFixed(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    for (; at < Math.min(end, FIXED.length); at++) {
      const byte = bytes[at] ?? 0
      const wanted = FIXED.charCodeAt(at)
      const isDigit = byte >= DIGIT_0 && byte <= DIGIT_0 + 9
      if (wanted === DIGIT_0 ? !isDigit : byte !== wanted) throw malformed(at, byte)
      if (at === MAJOR_AT && byte !== DIGIT_0 + 1) {
        const why = `Cannot read a response of HTTP/${byte - DIGIT_0}.x`
        throw new RemoteProtocolError('unsupported-version', why)
      }
      // RFC 9110 §15: the first digit is the class, from 1 to 5.
      if (at === STATUS_AT && (byte === DIGIT_0 || byte > DIGIT_0 + 5)) throw malformed(at, byte)
    }
    if (at === FIXED.length) this.#part = 'reason'
    return at
  }

  #scanReason(bytes: Uint8Array, from: number, end: number): number {
    let at = from
    while (at < end && FIELD_CONTENT[bytes[at] ?? 0] === 1) at++
    if (at === end) return at
    if (bytes[at] !== CR) throw malformed(at, bytes[at] ?? 0)
    this.#reasonEnd = at
    this.#part = 'lf'
    return at + 1
  }

  #scanLF(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== LF) throw malformed(at, bytes[at] ?? 0)
    this.#part = 'complete'
    return at + 1
  }
}

function malformed(at: number, byte: number): RemoteProtocolError {
  const why = `Cannot read status line: byte ${at} cannot be ${hexByte(byte)}`
  return new RemoteProtocolError('malformed-status-line', why)
}

/** The part before the reason, which may be empty. Each 0 stands for any digit. */
const FIXED = 'HTTP/0.0 000 '
const MAJOR_AT = 5
const MINOR_AT = 7
const STATUS_AT = 9
