import { WebSocketError } from '../errors.ts'
import { UTF8Validator } from './utf8.ts'
import type { WebSocketLimits } from './limits.ts'

/** The kind of a message: UTF-8 text, or any bytes. */
export type MessageKind = 'text' | 'bytes'

/**
 * Collects one message as the pieces of its fragments arrive (RFC 6455 §5.4).
 *
 * Large pieces are kept without a copy and joined once, at the end. Small ones are copied into blocks, so
 * that a message in very small pieces takes at most a few times its size in memory.
 */
export class MessageAssembly {
  readonly kind: MessageKind
  readonly #limits: WebSocketLimits
  readonly #validator: UTF8Validator | undefined
  readonly #pieces: Buffer[] = []
  #bytes = 0
  #fragments = 0
  /** The block that small pieces are copied into; its first `#gatheredBytes` are not in `#pieces` yet. */
  #block: Buffer = NO_BYTES
  #gatheredBytes = 0

  constructor(kind: MessageKind, limits: WebSocketLimits) {
    this.kind = kind
    this.#limits = limits
    this.#validator = kind === 'text' ? new UTF8Validator() : undefined
  }

  /** Bytes received so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** The buffers that the bytes received so far keep alive, for tests of bounded memory. */
  get stores(): ReadonlySet<ArrayBufferLike> {
    return new Set([...this.#pieces, this.#block].map((piece) => piece.buffer))
  }

  /**
   * Begins a fragment.
   *
   * @throws {WebSocketError} when the message would exceed its limits.
   */
  fragmentBegins(payloadBytes: number): void {
    const { maxMessageBytes } = this.#limits
    const messageBytes = this.#bytes + payloadBytes
    if (messageBytes > maxMessageBytes) throw messageTooLarge(maxMessageBytes)
    this.#fragments++
    // Each fragment is charged besides its bytes. Otherwise a peer could send empty fragments without end.
    const charge = messageBytes + this.#fragments * FRAGMENT_CHARGE_BYTES
    if (charge > 2 * Math.max(maxMessageBytes, MIN_CHARGED_BYTES)) {
      throw new WebSocketError(
        'too-many-fragments',
        `Cannot accept a message of ${this.#fragments} fragments`,
      )
    }
  }

  /**
   * Adds a piece of the current fragment's payload, already unmasked. The bytes are kept.
   *
   * @throws {WebSocketError} as soon as a text message cannot be UTF-8.
   */
  add(piece: Buffer): void {
    if (this.#validator?.accepts(piece) === false) {
      throw new WebSocketError('invalid-utf8', 'Cannot accept text that is not UTF-8')
    }
    this.#bytes += piece.length
    if (isWorthKeeping(piece)) {
      this.#endBlock()
      this.#pieces.push(piece)
    } else this.#gather(piece)
  }

  /** Ends the message; returns all its bytes as one Buffer. */
  finish(): Buffer {
    this.#endBlock()
    const [only = NO_BYTES] = this.#pieces
    return this.#pieces.length < 2 ? only : Buffer.concat(this.#pieces, this.#bytes)
  }

  #gather(piece: Buffer): void {
    if (this.#block.length - this.#gatheredBytes < piece.length) {
      this.#endBlock()
      const roomy = Math.min(Math.max(this.#bytes, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES)
      this.#block = Buffer.allocUnsafeSlow(Math.max(piece.length, roomy))
    }
    this.#block.set(piece, this.#gatheredBytes)
    this.#gatheredBytes += piece.length
  }

  #endBlock(): void {
    if (this.#gatheredBytes > 0) this.#pieces.push(this.#block.subarray(0, this.#gatheredBytes))
    this.#block = this.#block.subarray(this.#gatheredBytes)
    this.#gatheredBytes = 0
  }
}

/** Whether a reference is cheaper than a copy, and keeps little unrelated memory alive. */
function isWorthKeeping(piece: Buffer): boolean {
  return piece.length >= MIN_KEPT_BYTES && piece.length * 4 >= piece.buffer.byteLength
}

function messageTooLarge(maxMessageBytes: number): WebSocketError {
  return new WebSocketError(
    'message-too-large',
    `Cannot accept a message of more than ${maxMessageBytes} bytes`,
  )
}

const NO_BYTES = Buffer.alloc(0)
const FRAGMENT_CHARGE_BYTES = 64
/**
 * The charge limit is computed from at least this size: a small `maxMessageBytes` must not forbid ordinary
 * fragments.
 */
const MIN_CHARGED_BYTES = 65_536
const MIN_KEPT_BYTES = 4096
const MIN_BLOCK_BYTES = 512
const MAX_BLOCK_BYTES = 65_536
