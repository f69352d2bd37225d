import { checkOptions, flag, type OptionRules } from '@ropewalk/core/options'
import { FrameWriter } from '../codec/frame-writer.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import { NODE_PLATFORM } from './node-platform.ts'
import type { FrameVariant } from '../deflate/frame-variant.ts'

/**
 * One or more messages that many WebSockets send. The frames are made once for each variant, and all
 * connections of that variant send the same bytes.
 */
export abstract class Prepared {
  /** The messages, in order: for a connection that cannot share frames. */
  abstract readonly messages: readonly PreparedMessage[]
  // Most messages are sent in one variant, which needs no map.
  #variant: FrameVariant | undefined
  #frames: SharedFrames | undefined
  #others: Map<string, SharedFrames> | undefined

  /** Returns the frames of the messages, as a server sends them. */
  frames(variant: FrameVariant): SharedFrames {
    const frames = variant.key === this.#variant?.key ? this.#frames : this.#others?.get(variant.key)
    return frames ?? this.#add(variant)
  }

  /** Makes the frames of one variant. */
  protected abstract framed(variant: FrameVariant): SharedFrames

  #add(variant: FrameVariant): SharedFrames {
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

/** The frames of prepared messages in one variant. */
export interface SharedFrames {
  /** They must not be changed. */
  readonly bytes: Buffer
  /** Whether a message in them is deflated: a sender must forget what its own compressor has seen. */
  readonly compressed: boolean
}

/** A message for `sendPrepared`, made by `prepareMessage`. */
export class PreparedMessage extends Prepared {
  readonly kind: MessageKind
  /** The payload; that of a text message is UTF-8. It must not be changed. */
  readonly data: Buffer
  /** Whether it is to be deflated; undefined: that depends on its size. */
  readonly compress: boolean | undefined
  readonly messages: readonly PreparedMessage[] = [this]

  /** Programs call `prepareMessage`. */
  constructor(kind: MessageKind, data: Buffer, compress?: boolean) {
    super()
    this.kind = kind
    this.data = data
    this.compress = compress
  }

  protected override framed(variant: FrameVariant): SharedFrames {
    const deflated = variant.deflate(this.data, this.compress)
    const compressed = deflated !== undefined
    const pieces: Uint8Array[] = []
    const sink = { write: (piece: Uint8Array) => pieces.push(piece) > 0 }
    WRITER.message(this.kind, deflated ?? this.data, { compressed }, sink)
    return { bytes: Buffer.concat(pieces), compressed }
  }
}

/** Messages that each connection sends together, with one write. */
export class PreparedBatch extends Prepared {
  readonly messages: readonly PreparedMessage[]

  constructor(messages: readonly PreparedMessage[]) {
    super()
    this.messages = messages
  }

  protected override framed(variant: FrameVariant): SharedFrames {
    const all = this.messages.map((message) => message.frames(variant))
    const bytes = Buffer.concat(all.map((frames) => frames.bytes))
    return { bytes, compressed: all.some((frames) => frames.compressed) }
  }
}

/** The options of `prepareMessage`. */
export interface PrepareOptions {
  /**
   * Whether connections with compression get it compressed. Default: those whose `thresholdBytes` it reaches,
   * up to 64 KiB. Beyond it the compression, which is done once for all connections with the same window, would
   * hold up the event loop: for a millisecond or two for each 100 KB.
   */
  readonly compress?: boolean | undefined
}

/**
 * Prepares a message that many connections send: a string as text, bytes as a binary message. The caller must
 * not change the bytes afterwards.
 *
 * @throws {TypeError} when `data` is neither a string nor a Uint8Array, or an option is unknown or not a boolean.
 *
 * @example
 * ```ts
 * import { prepareMessage } from '@ropewalk/websocket/topics'
 * import type { WebSocketTransport } from '@ropewalk/websocket'
 *
 * export function broadcast(text: string, connections: Iterable<WebSocketTransport>) {
 *   const message = prepareMessage(text)
 *   for (const connection of connections) connection.sendPrepared(message)
 * }
 * ```
 */
export function prepareMessage(data: string | Uint8Array, options?: PrepareOptions): PreparedMessage {
  checkOptions('prepareMessage', options, PREPARE_RULES)
  if (typeof data === 'string') return new PreparedMessage('text', Buffer.from(data), options?.compress)
  if (!(data instanceof Uint8Array))
    throw new TypeError(`Cannot prepare ${typeof data} as a message: give a string or a Uint8Array`)
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length)
  return new PreparedMessage('bytes', bytes, options?.compress)
}

const WRITER = new FrameWriter({ role: 'server', platform: NODE_PLATFORM })
const PREPARE_RULES: OptionRules<PrepareOptions> = { compress: flag }
