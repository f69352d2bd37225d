import type { MessageInflater } from './compression.ts'
import type { MessageKind } from './message-assembly.ts'
import type { MessageSize } from './message-size.ts'
import { invalidUTF8, UTF8Validator } from './utf8.ts'

/** Checks and inflates one message whose bytes are passed on as they arrive (RFC 6455 §5.4, §8.1). */
export class StreamedMessage {
  readonly kind: MessageKind
  readonly compressed: boolean
  readonly #size: MessageSize
  readonly #inflater: MessageInflater | undefined
  readonly #validator: UTF8Validator | undefined
  #leftBytes: number

  /**
   * @param size Limits the bytes of the frames.
   * @param inflater For a compressed message.
   * @param mostBytes Most bytes of the inflated message.
   * @param isUTF8 A fast check of UTF-8.
   */
  constructor(
    kind: MessageKind,
    size: MessageSize,
    inflater: MessageInflater | undefined,
    mostBytes: number,
    isUTF8: ((data: Uint8Array) => boolean) | undefined,
  ) {
    this.kind = kind
    this.compressed = inflater !== undefined
    this.#size = size
    this.#inflater = inflater
    this.#validator = kind === 'text' ? new UTF8Validator(isUTF8) : undefined
    this.#leftBytes = mostBytes
  }

  /** Whether the last piece yields more: `add` is called with no bytes and the same `last`. */
  get more(): boolean {
    return this.#inflater?.more === true
  }

  /**
   * Begins a fragment.
   *
   * @throws {WebSocketError} when the message would exceed its limits.
   */
  fragmentBegins(payloadBytes: number): void {
    this.#size.fragmentBegins(payloadBytes)
  }

  /**
   * Returns what a piece of the payload, already unmasked, adds to the message: perhaps no bytes.
   *
   * @param last Whether these are the last bytes of the message.
   * @throws {WebSocketError} when the message is not valid DEFLATE, not UTF-8 or too large.
   */
  add(piece: Uint8Array, last: boolean): Uint8Array {
    const data = this.#inflater?.inflate(piece, last, this.#leftBytes) ?? piece
    this.#leftBytes -= data.length
    const validator = this.#validator
    if (validator !== undefined && !(validator.accepts(data) && (!last || this.more || validator.complete))) {
      throw invalidUTF8()
    }
    return data
  }
}
