import type { MessageInflater } from './compression.ts'

/**
 * Inflates a large message in parts, each of which a caller may put off to a later turn (RFC 7692 §7.2.2).
 */
export class Inflation {
  readonly #inflater: MessageInflater
  readonly #pieces: Uint8Array[]
  readonly #mostBytes: number
  #bytes: number

  /**
   * @param first What the inflater returned first.
   * @param mostBytes Most bytes of the whole message.
   */
  constructor(inflater: MessageInflater, first: Uint8Array, mostBytes: number) {
    this.#inflater = inflater
    this.#pieces = [first]
    this.#mostBytes = mostBytes
    this.#bytes = first.length
  }

  /** Bytes inflated so far. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Inflates the next part; returns whether it was the last one.
   *
   * @throws {WebSocketError} as the inflater does.
   */
  step(): boolean {
    const piece = this.#inflater.inflate(NO_BYTES, true, this.#mostBytes - this.#bytes)
    this.#bytes += piece.length
    this.#pieces.push(piece)
    return this.#inflater.more !== true
  }

  /** Returns the whole message. */
  finish(): Uint8Array {
    const whole = new Uint8Array(this.#bytes)
    let at = 0
    for (const piece of this.#pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }
}

const NO_BYTES = new Uint8Array(0)
