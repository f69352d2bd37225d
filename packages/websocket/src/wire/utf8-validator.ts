/**
 * Checks UTF-8 as its bytes arrive, wherever they are cut: a byte that cannot stand is known as soon
 * as it has come.
 *
 * @see RFC 6455 §8.1, RFC 3629 §4
 */
export class UTF8Validator {
  /** Continuation bytes that the current character still needs. */
  #needed = 0
  /** The range of the next one: narrower behind E0, ED, F0 and F4. */
  #lowest = 0x80
  #highest = 0xbf

  /** Whether the bytes so far end with a whole character. */
  get complete(): boolean {
    return this.#needed === 0
  }

  /** Goes on with `data`; false once a byte cannot stand where it stands. */
  accepts(data: Uint8Array): boolean {
    let at = 0
    while (at < data.length) {
      if (this.#needed === 0) at = afterASCII(data, at)
      if (at === data.length) return true
      const byte = data[at++] ?? 0
      if (!(this.#needed === 0 ? this.#begins(byte) : this.#continues(byte))) return false
    }
    return true
  }

  #begins(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    if (byte === 0xe0) this.#lowest = 0xa0
    else if (byte === 0xed) this.#highest = 0x9f
    else if (byte === 0xf0) this.#lowest = 0x90
    else if (byte === 0xf4) this.#highest = 0x8f
    return true
  }

  #continues(byte: number): boolean {
    if (byte < this.#lowest || byte > this.#highest) return false
    this.#needed--
    this.#lowest = 0x80
    this.#highest = 0xbf
    return true
  }
}

/** Where the ASCII characters that begin at `from` end. */
export function afterASCII(data: Uint8Array, from: number): number {
  let at = from
  while (at < data.length && (data[at] ?? 0) < 0x80) at++
  return at
}
