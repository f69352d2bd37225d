import { type CloseFrame, closePayload } from './close-frame.ts'
import {
  frameHeaderBytes,
  MASK_KEY_BYTES,
  MAX_CONTROL_BYTES,
  Opcode,
  putFrameHeader,
  type Role,
} from './frame-header.ts'
import { mask } from './mask.ts'

/** The part of a transport that a FrameWriter writes to. */
export interface FrameSink {
  /** Queues bytes, which the caller must not change afterwards; returns false when too many are queued. */
  write(data: Uint8Array): boolean
}

/** The options of a FrameWriter. The masking keys of a client must be unpredictable (RFC 6455 §5.3). */
export type FrameWriterOptions =
  | { readonly role: 'server' }
  | { readonly role: 'client'; readonly randomBytes: (count: number) => Uint8Array }

/**
 * Writes messages and control frames, one frame each (RFC 6455 §5.2, §6.1).
 *
 * A short frame is one write. A server writes a long payload without a copy, after its header: the caller
 * must not change it afterwards. Each method returns the result of the sink's last `write`, and writes
 * nothing when it throws.
 */
export class FrameWriter {
  readonly #role: Role
  readonly #randomBytes: ((count: number) => Uint8Array) | undefined

  constructor(options: FrameWriterOptions) {
    this.#role = options.role
    this.#randomBytes = options.role === 'client' ? options.randomBytes : undefined
  }

  /**
   * Writes a text message. A lone surrogate becomes U+FFFD.
   *
   * @throws {TypeError} when it is not a string.
   */
  text(text: string, sink: FrameSink): boolean {
    const payloadBytes = Buffer.byteLength(text)
    const frame = this.#frame(Opcode.text, payloadBytes)
    frame.write(text, frame.length - payloadBytes)
    return sink.write(this.#maskIfClient(frame, payloadBytes))
  }

  /**
   * Writes a binary message.
   *
   * @throws {TypeError} when it is not a Uint8Array.
   */
  bytes(data: Uint8Array, sink: FrameSink): boolean {
    checkBytes(data)
    if (data.length <= COPIED_BYTES || this.#role === 'client') return this.#write(Opcode.binary, data, sink)
    const header = Buffer.allocUnsafe(frameHeaderBytes(data.length, this.#role))
    putFrameHeader(header, Opcode.binary, data.length, this.#role)
    sink.write(header)
    return sink.write(data)
  }

  /**
   * Writes a ping.
   *
   * @throws {RangeError} when the payload has more than 125 bytes.
   * @throws {TypeError} when it is not a Uint8Array.
   */
  ping(payload: Uint8Array, sink: FrameSink): boolean {
    return this.#control(Opcode.ping, payload, sink)
  }

  /** Writes a pong. Throws as `ping` does. */
  pong(payload: Uint8Array, sink: FrameSink): boolean {
    return this.#control(Opcode.pong, payload, sink)
  }

  /**
   * Writes a close frame.
   *
   * @throws {RangeError} when the code must not be sent, or the reason has more than 123 bytes or no code.
   * @throws {TypeError} when the reason is not a string.
   */
  close(frame: CloseFrame, sink: FrameSink): boolean {
    return this.#control(Opcode.close, closePayload(frame), sink)
  }

  #control(opcode: Opcode, payload: Uint8Array, sink: FrameSink): boolean {
    checkBytes(payload)
    if (payload.length > MAX_CONTROL_BYTES) {
      throw new RangeError(
        `Cannot send ${payload.length} bytes in a control frame: send at most ${MAX_CONTROL_BYTES}`,
      )
    }
    return this.#write(opcode, payload, sink)
  }

  #write(opcode: Opcode, payload: Uint8Array, sink: FrameSink): boolean {
    const frame = this.#frame(opcode, payload.length)
    frame.set(payload, frame.length - payload.length)
    return sink.write(this.#maskIfClient(frame, payload.length))
  }

  /** Allocates a frame and writes its header. The caller writes the payload at its end. */
  #frame(opcode: Opcode, payloadBytes: number): Buffer {
    const frame = Buffer.allocUnsafe(frameHeaderBytes(payloadBytes, this.#role) + payloadBytes)
    putFrameHeader(frame, opcode, payloadBytes, this.#role)
    return frame
  }

  /** Masks the payload if this side is a client. */
  #maskIfClient(frame: Buffer, payloadBytes: number): Buffer {
    if (this.#randomBytes === undefined) return frame
    const payloadAt = frame.length - payloadBytes
    frame.set(this.#randomBytes(MASK_KEY_BYTES), payloadAt - MASK_KEY_BYTES)
    mask(frame.subarray(payloadAt), frame.readInt32LE(payloadAt - MASK_KEY_BYTES), 0)
    return frame
  }
}

/** Refuses other types, with which a frame could contain uninitialised memory. */
function checkBytes(data: unknown): asserts data is Uint8Array {
  if (!(data instanceof Uint8Array))
    throw new TypeError(`Cannot send ${typeof data} as bytes: use a Uint8Array`)
}

/** Up to this size, copying a payload into the frame is cheaper than a second write. */
const COPIED_BYTES = 4096
