import { WebSocketError } from '../errors.ts'
import type { WebSocketLimits } from './websocket-limits.ts'
import { UTF8Validator } from './utf8-validator.ts'

/**
 * A message while it arrives, in pieces of fragments (RFC 6455 §5.4).
 *
 * Large pieces are kept as they are and joined once, at the end. Small ones are gathered in blocks,
 * so that a message cut very small costs no more memory than its bytes.
 */
export class MessageAssembly {
  readonly kind: 'text' | 'bytes'
  readonly #limits: WebSocketLimits
  readonly #validator: UTF8Validator | undefined
  #pieces: Buffer[] = []
  #bytes = 0
  #fragments = 0
  /** Where small pieces are gathered; its first `#blockUsed` bytes are not in `#pieces` yet. */
  #block: Buffer = NO_BYTES
  #blockUsed = 0

  constructor(kind: 'text' | 'bytes', limits: WebSocketLimits) {
    this.kind = kind
    this.#limits = limits
    this.#validator = kind === 'text' ? new UTF8Validator() : undefined
  }

  /**
   * A fragment begins.
   *
   * @throws {WebSocketError} when the message would grow beyond its limits.
   */
  fragmentBegins(payloadBytes: number): void {
    const { maxMessageBytes } = this.#limits
    const whole = this.#bytes + payloadBytes
    if (whole > maxMessageBytes) {
      throw new WebSocketError(
        'message-too-large',
        `Cannot take a message of more than ${maxMessageBytes} bytes`,
      )
    }
    // A fragment is charged for what it makes us do, besides its bytes.
    if (
      ++this.#fragments * FRAGMENT_CHARGE_BYTES + whole >
      2 * Math.max(maxMessageBytes, MIN_CHARGED_BYTES)
    ) {
      throw new WebSocketError('too-many-fragments', `Cannot take a message of ${this.#fragments} fragments`)
    }
  }

  /**
   * Some of a fragment's payload has come, unmasked. The bytes are kept.
   *
   * @throws {WebSocketError} when a text message cannot go on like this.
   */
  add(piece: Buffer): void {
    if (this.#validator?.accepts(piece) === false) throw invalidUTF8()
    this.#bytes += piece.length
    if (piece.length < SMALL_BYTES) return this.#gather(piece)
    this.#closeBlock()
    this.#pieces.push(piece)
  }

  /**
   * The message is whole.
   *
   * @throws {WebSocketError} when a text message ends within a character.
   */
  finish(): Buffer {
    if (this.#validator?.complete === false) throw invalidUTF8()
    this.#closeBlock()
    const [only = NO_BYTES] = this.#pieces
    return this.#pieces.length < 2 ? only : Buffer.concat(this.#pieces, this.#bytes)
  }

  #gather(piece: Buffer): void {
    if (this.#block.length - this.#blockUsed < piece.length) {
      this.#closeBlock()
      const size = Math.max(piece.length, Math.min(Math.max(this.#bytes, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES))
      this.#block = Buffer.allocUnsafeSlow(size)
    }
    this.#block.set(piece, this.#blockUsed)
    this.#blockUsed += piece.length
  }

  #closeBlock(): void {
    if (this.#blockUsed > 0) this.#pieces.push(this.#block.subarray(0, this.#blockUsed))
    this.#block = this.#block.subarray(this.#blockUsed)
    this.#blockUsed = 0
  }
}

function invalidUTF8(): WebSocketError {
  return new WebSocketError('invalid-utf8', 'Cannot read a text message that is not UTF-8')
}

const NO_BYTES = Buffer.alloc(0)
const FRAGMENT_CHARGE_BYTES = 64
/** Below this, a small limit on bytes would forbid ordinary fragmentation. */
const MIN_CHARGED_BYTES = 65_536
const SMALL_BYTES = 4096
const MIN_BLOCK_BYTES = 512
const MAX_BLOCK_BYTES = 65_536
