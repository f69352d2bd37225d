import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ReplyReader } from './replies.ts'

/** The payload of a frame with RSV1 for a message: deflated, without the end of its last block, RFC 7692 §7.2.1. */
export function deflated(message: Uint8Array): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -BLOCK_END.length)
}

/**
 * Checks deflated replies to messages that repeat in a fixed order, and inflates few of them.
 *
 * A reply may refer to the last 32 KiB of the messages before it. Once so many have been sent, these bytes depend on
 * the index of the message alone. A reply with the same bytes as an earlier one of its index then has the same content.
 */
export class KnownReplies {
  readonly #messages: readonly Buffer[]
  /** Replies that were inflated and found right, for each index of a message. */
  readonly #known: readonly Buffer[][]
  /** The messages twice in their order, so that the window before each of them is one piece. */
  readonly #stream: Buffer

  /** @param messages All of one length, and together at least twice as long as the window. */
  constructor(messages: readonly Buffer[]) {
    this.#messages = messages
    this.#known = messages.map(() => [])
    this.#stream = Buffer.concat([...messages, ...messages])
  }

  /**
   * Whether a reply is the message that was sent.
   *
   * @param sequence The number of replies before it on its connection.
   * @param frames The bytes that hold its payload, from `start` up to `end`.
   */
  isRight(sequence: number, frames: Buffer, start: number, end: number): boolean {
    const index = sequence % this.#messages.length
    const message = this.#messages[index] ?? BLOCK_END
    const known = this.#known[index] ?? []
    const hasWindow = sequence * message.length >= WINDOW_BYTES
    if (hasWindow) {
      for (const reply of known) {
        if (reply.length === end - start && reply.compare(frames, start, end) === 0) return true
      }
    }
    const payload = Buffer.from(frames.subarray(start, end))
    if (!this.#inflated(sequence, payload).equals(message)) return false
    if (hasWindow && known.length < MAX_KNOWN) known.push(payload)
    return true
  }

  #inflated(sequence: number, payload: Buffer): Buffer {
    const { length = 0 } = this.#messages[0] ?? {}
    const index = (sequence % this.#messages.length) + this.#messages.length
    const windowBytes = Math.min(WINDOW_BYTES, sequence * length)
    const window = this.#stream.subarray(index * length - windowBytes, index * length)
    return inflateRawSync(Buffer.concat([payload, BLOCK_END]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(windowBytes === 0 ? {} : { dictionary: window }),
    })
  }
}

/** Reads the frames of a server that compresses: each is a whole text message with RSV1. */
export class DeflatedReplies implements ReplyReader {
  readonly #known: KnownReplies
  /** The bytes of frames that are not whole. */
  #pending: Buffer = Buffer.alloc(INITIAL_BYTES)
  #length = 0
  #sequence = 0

  constructor(known: KnownReplies) {
    this.#known = known
  }

  received(chunk: Buffer, count: number): number {
    this.#reserve(count)
    chunk.copy(this.#pending, this.#length, 0, count)
    this.#length += count
    let at = 0
    let replies = 0
    for (let end = this.#frameEnd(at); end !== undefined; end = this.#frameEnd(at)) {
      const start = at + headerBytes(this.#pending, at)
      if (
        this.#pending[at] !== TEXT_WITH_RSV1 ||
        !this.#known.isRight(this.#sequence, this.#pending, start, end)
      )
        throw new Error(`A reply differs: ${this.#pending.toString('hex', at, Math.min(end, at + 100))}`)
      this.#sequence += 1
      replies += 1
      at = end
    }
    this.#pending.copyWithin(0, at, this.#length)
    this.#length -= at
    return replies
  }

  /** Where the frame that begins at `at` ends; undefined when it is not whole. */
  #frameEnd(at: number): number | undefined {
    const available = this.#length - at
    if (available < 2 || available < headerBytes(this.#pending, at)) return undefined
    const short = this.#pending[at + 1] ?? 0
    if (short > 126) throw new Error(`Cannot read a frame with the length ${short}`)
    const payload = short === 126 ? this.#pending.readUInt16BE(at + 2) : short
    const end = at + headerBytes(this.#pending, at) + payload
    return end <= this.#length ? end : undefined
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#pending.length) return
    this.#pending = Buffer.concat([this.#pending], 2 * (this.#length + count))
  }
}

/** The header of a frame whose payload is shorter than 64 KiB. */
function headerBytes(frames: Buffer, at: number): number {
  return frames[at + 1] === 126 ? 4 : 2
}

/** The farthest that a compressed message refers back: RFC 1951 §2. */
export const WINDOW_BYTES = 32_768
const BLOCK_END = Buffer.from([0x00, 0x00, 0xff, 0xff])
const TEXT_WITH_RSV1 = 0xc1
const INITIAL_BYTES = 4096
const MAX_KNOWN = 8
