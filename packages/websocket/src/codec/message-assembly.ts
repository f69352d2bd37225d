import type { MessageSize } from './message-size.ts'
import type { CodecPlatform } from './platform.ts'
import { invalidUTF8, UTF8Validator } from './utf8.ts'

/** The kind of a message: UTF-8 text, or any bytes. */
export type MessageKind = 'text' | 'bytes'

/**
 * Collects one message as the pieces of its fragments arrive (RFC 6455 §5.4).
 *
 * Large pieces are kept without a copy and joined once, at the end, and freed. Small ones are copied into blocks, so
 * that a message in very small pieces takes at most a few times its size in memory. Bytes are unmasked when
 * they are copied, or earlier if they are text, which is checked as it arrives.
 */
export class MessageAssembly<Bytes extends Uint8Array = Uint8Array> {
  readonly kind: MessageKind
  /** Whether the pieces are compressed: then they are not checked for UTF-8. */
  readonly compressed: boolean
  readonly #size: MessageSize
  readonly #platform: CodecPlatform<Bytes>
  readonly #validator: UTF8Validator | undefined
  readonly #pieces: Uint8Array[] = []
  /** The masking key of each piece, 0 if it is unmasked. */
  readonly #keys: number[] = []
  #bytes = 0
  /** The block that small pieces are copied into; its first `#gatheredBytes` are not in `#pieces` yet. */
  #block: Uint8Array = NO_BYTES
  #gatheredBytes = 0

  /** @param size Limits what is collected. */
  constructor(kind: MessageKind, size: MessageSize, compressed: boolean, platform: CodecPlatform<Bytes>) {
    this.kind = kind
    this.compressed = compressed
    this.#size = size
    this.#platform = platform
    this.#validator = kind === 'text' && !compressed ? new UTF8Validator(platform.isUTF8) : undefined
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
    this.#size.fragmentBegins(payloadBytes)
  }

  /**
   * Adds a piece of the current fragment's payload. The bytes are kept.
   *
   * @param key The masking key, turned to begin at the piece; 0 for an unmasked one.
   * @param leftBytes The bytes that the message still needs, this piece included, if they are known; else 0.
   * @throws {WebSocketError} as soon as a text message cannot be UTF-8.
   */
  add(piece: Bytes, key: number, leftBytes: number): void {
    this.#bytes += piece.length
    const unmasks = this.#validator !== undefined
    if (unmasks) this.#platform.mask(piece, key)
    if (this.#validator?.accepts(piece) === false) throw invalidUTF8()
    const pieceKey = unmasks ? 0 : key
    const fits = this.#block.length - this.#gatheredBytes >= piece.length
    if (!fits && isWorthKeeping(piece)) {
      this.#endBlock()
      this.#push(piece, pieceKey)
      return
    }
    if (!fits) this.#makeRoom(piece.length, leftBytes)
    this.#platform.maskInto(piece, pieceKey, this.#block, this.#gatheredBytes)
    this.#gatheredBytes += piece.length
  }

  /**
   * Ends the message; returns all its bytes.
   *
   * @throws {WebSocketError} when a text message ends within a character.
   */
  finish(): Bytes {
    if (this.#validator?.complete === false) throw invalidUTF8()
    this.#endBlock()
    const [only] = this.#pieces
    const [key = 0] = this.#keys
    if (only !== undefined && this.#pieces.length === 1) {
      this.#platform.mask(only, key)
      return this.#platform.asBytes(only)
    }
    const whole = this.#platform.allocate(this.#bytes)
    let at = 0
    for (const [index, piece] of this.#pieces.entries()) {
      this.#platform.maskInto(piece, this.#keys[index] ?? 0, whole, at)
      at += piece.length
      if (isAlone(piece)) this.#platform.free?.(piece)
    }
    return whole
  }

  /** Begins a block with space for a piece, and for what follows it, in proportion to what has arrived. */
  #makeRoom(pieceBytes: number, leftBytes: number): void {
    if (leftBytes > 0) {
      const room = Math.min(leftBytes, Math.max(3 * this.#bytes, MIN_BLOCK_BYTES))
      if (this.#pieces.length === 0) return this.#growBlock(room)
      this.#endBlock()
      this.#block = this.#platform.allocate(room)
      return
    }
    this.#endBlock()
    const roomy = Math.min(Math.max(this.#bytes, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES)
    this.#block = this.#platform.allocate(Math.max(pieceBytes, roomy))
  }

  /** The message is in the block alone: it becomes one that can hold the whole message in the end. */
  #growBlock(room: number): void {
    const grown = this.#platform.allocate(this.#gatheredBytes + room)
    grown.set(this.#block.subarray(0, this.#gatheredBytes))
    this.#block = grown
  }

  #endBlock(): void {
    if (this.#gatheredBytes > 0) this.#push(this.#block.subarray(0, this.#gatheredBytes), 0)
    this.#block = this.#block.subarray(this.#gatheredBytes)
    this.#gatheredBytes = 0
  }

  #push(piece: Uint8Array, key: number): void {
    this.#pieces.push(piece)
    this.#keys.push(key)
  }
}

/** Whether a reference is cheaper than a copy, and keeps little unrelated memory alive. */
function isWorthKeeping(piece: Uint8Array): boolean {
  return piece.length >= MIN_KEPT_BYTES && piece.length * 4 >= piece.buffer.byteLength
}

/** Whether a piece is all of its memory: then nothing else can refer to that. */
function isAlone(piece: Uint8Array): boolean {
  return piece.length === piece.buffer.byteLength
}

const NO_BYTES = new Uint8Array(0)
const MIN_KEPT_BYTES = 16_384
const MIN_BLOCK_BYTES = 512
const MAX_BLOCK_BYTES = 65_536
