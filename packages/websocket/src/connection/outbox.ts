import type { Transport } from '@ropewalk/core'
import type { CloseFrame } from '../codec/close-frame.ts'
import type { Role } from '../codec/frame-header.ts'
import { FrameWriter } from '../codec/frame-writer.ts'
import { NODE_PLATFORM } from './node-platform.ts'

/**
 * What became of a message:
 *
 * - `sent`: it is on its way, and more may be sent.
 * - `queued`: it is on its way, but too many bytes wait before it: await `drained()` before the next.
 * - `dropped`: it will not be sent, because the WebSocket is closing or gone.
 */
export type SendStatus = 'sent' | 'queued' | 'dropped'

/** The part of a channel that an Outbox uses. */
export interface OutboxOwner {
  readonly transport: Transport
  /** Whether messages can be sent. */
  readonly open: boolean
}

/** Sends the messages and control frames of one WebSocket. */
export class Outbox {
  readonly #owner: OutboxOwner
  readonly #writer: FrameWriter

  constructor(role: Role, owner: OutboxOwner) {
    this.#owner = owner
    this.#writer =
      role === 'server'
        ? SERVER_WRITER
        : new FrameWriter({
            role,
            platform: NODE_PLATFORM,
            randomBytes: (count) => owner.transport.reactor.randomBytes(count),
          })
  }

  /** Sends a text message. */
  sendText(text: string): SendStatus {
    if (!this.#owner.open) return 'dropped'
    return statusOf(this.#writer.text(text, this.#owner.transport))
  }

  /** Sends a binary message; the caller must not change the bytes afterwards. */
  sendBytes(data: Uint8Array): SendStatus {
    if (!this.#owner.open) return 'dropped'
    return statusOf(this.#writer.bytes(data, this.#owner.transport))
  }

  /**
   * Sends a ping.
   *
   * @throws {RangeError} when the payload has more than 125 bytes.
   */
  sendPing(payload: Uint8Array): SendStatus {
    if (!this.#owner.open) return 'dropped'
    return statusOf(this.#writer.ping(payload, this.#owner.transport))
  }

  /** Sends a pong. Only while messages can be sent. */
  sendPong(payload: Uint8Array): void {
    this.#writer.pong(payload, this.#owner.transport)
  }

  /**
   * Sends a close frame: nothing may be sent afterwards.
   *
   * @param before Called before the frame is written: the write may call a producer, which must not find the
   *   WebSocket open. It is not called when the frame cannot be sent.
   * @throws {RangeError} for a code or reason that cannot be sent.
   */
  sendClose(frame: CloseFrame, before: () => void): void {
    const { transport } = this.#owner
    this.#writer.close(frame, {
      write: (bytes) => {
        before()
        return transport.write(bytes)
      },
    })
  }
}

function statusOf(writable: boolean): SendStatus {
  return writable ? 'sent' : 'queued'
}

/** A server's writer has no state: all connections share it. */
const SERVER_WRITER = new FrameWriter({ role: 'server', platform: NODE_PLATFORM })
