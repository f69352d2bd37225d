import { WebSocketError } from '../errors.ts'

/**
 * Checks UTF-8 as its bytes arrive, in pieces of any size. An invalid byte is found as soon as it arrives.
 *
 * @see RFC 6455 §8.1, RFC 3629 §4
 */
export class UTF8Validator {
  readonly #isUTF8: ((data: Uint8Array) => boolean) | undefined
  /** Continuation bytes that the current character still needs. */
  #needed = 0
  /** The range of the next continuation byte: narrower after E0, ED, F0 and F4. */
  #lowest = 0x80
  #highest = 0xbf

  /** Whether the bytes so far end with a whole character. */
  get complete(): boolean {
    return this.#needed === 0
  }

  /** @param isUTF8 A faster check of whole characters. */
  constructor(isUTF8?: (data: Uint8Array) => boolean) {
    this.#isUTF8 = isUTF8
  }

  /**
   * Checks the next bytes; returns false when one is invalid at its place. `data` may end within a character.
   */
  accepts(data: Uint8Array): boolean {
    const isUTF8 = this.#isUTF8
    if (isUTF8 === undefined || data.length < MIN_FAST_BYTES) return this.#accepts(data)
    // The rest of a character that has begun, the whole characters, the beginning of another.
    let start = 0
    while (this.#needed > 0) if (!this.#accepts(data.subarray(start, ++start))) return false
    const end = wholeCharacters(data)
    return isUTF8(data.subarray(start, end)) && this.#accepts(data.subarray(end))
  }

  #accepts(data: Uint8Array): boolean {
    // Local variables make the loop five times as fast.
    let needed = this.#needed
    let lowest = this.#lowest
    let highest = this.#highest
    let at = 0
    while (at < data.length) {
      const byte = data[at++] ?? 0
      if (needed > 0) {
        if (byte < lowest || byte > highest) return false
        needed--
        lowest = 0x80
        highest = 0xbf
      } else if (byte < 0x80) {
        at = afterASCII(data, at)
      } else {
        if (byte < 0xc2 || byte > 0xf4) return false
        needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
        lowest = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
        highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
      }
    }
    this.#needed = needed
    this.#lowest = lowest
    this.#highest = highest
    return true
  }
}

/** The index at which a character begins that `data` does not contain whole; the length of `data` otherwise. */
function wholeCharacters(data: Uint8Array): number {
  for (let back = 1; back <= 3; back++) {
    const byte = data[data.length - back] ?? 0
    if (byte < 0x80) break
    if (byte < 0xc0) continue
    const bytes = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    if (bytes > back) return data.length - back
    break
  }
  return data.length
}

/** The index of the first byte from `from` on that is not ASCII, or the length of `data`. */
function afterASCII(data: Uint8Array, from: number): number {
  let at = from
  while (at + 3 < data.length && isASCII(data, at)) at += 4
  while (at < data.length && (data[at] ?? 0) < 0x80) at++
  return at
}

/** Whether the four bytes at `at` are ASCII. */
function isASCII(data: Uint8Array, at: number): boolean {
  const bits = (data[at] ?? 0) | (data[at + 1] ?? 0) | (data[at + 2] ?? 0) | (data[at + 3] ?? 0)
  return bits < 0x80
}

/**
 * Decodes the UTF-8 of a whole message or close reason (RFC 6455 §5.6, §8.1).
 *
 * @throws {WebSocketError} when it is not UTF-8.
 */
export function decodeText(data: Uint8Array): string {
  try {
    return DECODER.decode(data)
  } catch {
    throw invalidUTF8()
  }
}

/** The UTF-8 of a text. A lone surrogate becomes U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return ENCODER.encode(text)
}

/**
 * Writes the UTF-8 of a text to the start of `target`.
 *
 * @returns the bytes written; undefined when `target` is too small, and then it contains a part of them.
 */
export function putText(text: string, target: Uint8Array): number | undefined {
  const { read, written } = ENCODER.encodeInto(text, target)
  return read === text.length ? written : undefined
}

/** Refuses text that is not UTF-8. */
export function invalidUTF8(): WebSocketError {
  return new WebSocketError('invalid-utf8', 'Cannot accept text that is not UTF-8')
}

/**
 * Checks the UTF-8 of a whole message.
 *
 * @throws {WebSocketError} when it is not UTF-8.
 */
export function checkText(data: Uint8Array, isUTF8?: (data: Uint8Array) => boolean): void {
  const validator = new UTF8Validator(isUTF8)
  if (!validator.accepts(data) || !validator.complete) throw invalidUTF8()
}

/** `ignoreBOM` keeps a byte order mark as part of the text. */
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ENCODER = new TextEncoder()
/** Below this size in bytes, the loop is as fast. It is more than a character has. */
const MIN_FAST_BYTES = 32
