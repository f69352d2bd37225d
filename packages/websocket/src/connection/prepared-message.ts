import { FrameWriter } from '../codec/frame-writer.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import { NODE_PLATFORM } from './node-platform.ts'

/**
 * One or more messages that many WebSockets send. The frames are made once for each variant, and all
 * connections of that variant send the same bytes.
 */
export abstract class Prepared {
  /** The messages, in order: for a connection that cannot share frames. */
  abstract readonly messages: readonly PreparedMessage[]
  // Most messages are sent in one variant, which needs no map.
  #variant: FrameVariant | undefined
  #frames: Buffer | undefined
  #others: Map<string, Buffer> | undefined

  /** Returns the frames of the messages, as a server sends them. They must not be changed. */
  frames(variant: FrameVariant): Buffer {
    const frames = variant.key === this.#variant?.key ? this.#frames : this.#others?.get(variant.key)
    return frames ?? this.#add(variant)
  }

  /** Makes the frames of one variant. */
  protected abstract framed(variant: FrameVariant): Buffer

  #add(variant: FrameVariant): Buffer {
    const frames = this.framed(variant)
    if (this.#variant === undefined) {
      this.#variant = variant
      this.#frames = frames
    } else {
      this.#others ??= new Map()
      this.#others.set(variant.key, frames)
    }
    return frames
  }
}

/** What the frames to a client depend on: connections with the same key send the same bytes. */
export interface FrameVariant {
  readonly key: string
  /**
   * Deflates a message without what was sent before (RFC 7692 §7.2.1); returns undefined when it is to be sent
   * as it is. Undefined when the connections of this variant have no compression.
   */
  readonly deflate?: ((message: PreparedMessage) => Uint8Array | undefined) | undefined
}

/** The frames of connections without compression. */
export const PLAIN: FrameVariant = { key: '' }

/** A message for `sendPrepared`, made by `prepareMessage`. */
export class PreparedMessage extends Prepared {
  readonly kind: MessageKind
  /** The payload; that of a text message is UTF-8. It must not be changed. */
  readonly data: Buffer

  /** Programs call `prepareMessage`. */
  constructor(kind: MessageKind, data: Buffer) {
    super()
    this.kind = kind
    this.data = data
  }

  get messages(): readonly PreparedMessage[] {
    return [this]
  }

  /** Whether its frame is compressed in this variant. */
  isDeflated(variant: FrameVariant): boolean {
    return variant.deflate !== undefined && ((this.frames(variant)[0] ?? 0) & RSV1) !== 0
  }

  protected framed(variant: FrameVariant): Buffer {
    const deflated = variant.deflate?.(this)
    const pieces: Uint8Array[] = []
    WRITER.message(
      this.kind,
      deflated ?? this.data,
      { compressed: deflated !== undefined },
      {
        write: (piece) => pieces.push(piece) > 0,
      },
    )
    return Buffer.concat(pieces)
  }
}

/** Messages that each connection sends together, with one write. */
export class PreparedBatch extends Prepared {
  readonly messages: readonly PreparedMessage[]

  constructor(messages: readonly PreparedMessage[]) {
    super()
    this.messages = messages
  }

  protected framed(variant: FrameVariant): Buffer {
    return Buffer.concat(this.messages.map((message) => message.frames(variant)))
  }
}

/**
 * Prepares a message that many connections send: a string as text, bytes as a binary message. The caller must
 * not change the bytes afterwards.
 *
 * @throws {TypeError} when `data` is neither a string nor a Uint8Array.
 */
export function prepareMessage(data: string | Uint8Array): PreparedMessage {
  if (typeof data === 'string') return new PreparedMessage('text', Buffer.from(data))
  if (!(data instanceof Uint8Array))
    throw new TypeError(`Cannot prepare ${typeof data} as a message: give a string or a Uint8Array`)
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length)
  return new PreparedMessage('bytes', bytes)
}

/** The bit of a compressed message in the first byte of its frame (RFC 7692 §6). */
const RSV1 = 0x40
const WRITER = new FrameWriter({ role: 'server', platform: NODE_PLATFORM })
