import { type CloseFrame, closePayload } from './close-frame.ts'
import {
  firstByte,
  type FrameFlags,
  frameHeaderBytes,
  isControl,
  MASK_KEY_BYTES,
  MAX_CONTROL_BYTES,
  Opcode,
  putFrameHeader,
  type Role,
} from './frame-header.ts'
import { mask } from './mask.ts'
import type { MessageKind } from './message-assembly.ts'

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
   * Writes a text message. In a string, a lone surrogate becomes U+FFFD.
   *
   * @param text A string, or bytes that are UTF-8: they are not checked.
   * @throws {TypeError} when it is neither a string nor a Uint8Array.
   */
  text(text: string | Uint8Array, sink: FrameSink): boolean {
    if (text instanceof Uint8Array) return this.#payload(TEXT, text, sink)
    const payloadBytes = Buffer.byteLength(text)
    const frame = this.#frame(TEXT, payloadBytes)
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
    return this.#payload(BINARY, data, sink)
  }

  /**
   * Writes a message whose payload is ready: UTF-8 for text, and deflated if `compressed`.
   *
   * @throws {TypeError} when the payload is not a Uint8Array.
   */
  message(
    kind: MessageKind,
    payload: Uint8Array,
    { compressed }: { readonly compressed: boolean },
    sink: FrameSink,
  ): boolean {
    checkBytes(payload)
    const first = kind === 'text' ? TEXT : BINARY
    return this.#payload(compressed ? first | COMPRESSED : first, payload, sink)
  }

  /**
   * Writes one frame of a message. The caller keeps their order: `text` or `binary` first, then `continuation`,
   * and `fin` with the last. Control frames may be written in between.
   *
   * @param flags `compressed` in the first frame only.
   * @throws {TypeError} when the payload is not a Uint8Array.
   * @throws {RangeError} for the opcode of a control frame, or a continuation with `compressed`.
   */
  fragment(opcode: Opcode, payload: Uint8Array, flags: FrameFlags, sink: FrameSink): boolean {
    checkBytes(payload)
    if (isControl(opcode)) throw new RangeError(`Cannot send a fragment with the control opcode ${opcode}`)
    if (opcode === Opcode.continuation && flags.compressed) {
      throw new RangeError('Cannot mark a continuation as compressed: mark the first frame of the message')
    }
    return this.#payload(firstByte(opcode, flags), payload, sink)
  }

  /**
   * Writes a ping.
   *
   * @throws {RangeError} when the payload has more than 125 bytes.
   * @throws {TypeError} when it is not a Uint8Array.
   */
  ping(payload: Uint8Array, sink: FrameSink): boolean {
    return this.#control(PING, payload, sink)
  }

  /** Writes a pong. Throws as `ping` does. */
  pong(payload: Uint8Array, sink: FrameSink): boolean {
    return this.#control(PONG, payload, sink)
  }

  /**
   * Writes a close frame.
   *
   * @throws {RangeError} when the code must not be sent, or the reason has more than 123 bytes or no code.
   * @throws {TypeError} when the reason is not a string.
   */
  close(frame: CloseFrame, sink: FrameSink): boolean {
    return this.#control(CLOSE, closePayload(frame), sink)
  }

  #control(first: number, payload: Uint8Array, sink: FrameSink): boolean {
    checkBytes(payload)
    if (payload.length > MAX_CONTROL_BYTES) {
      throw new RangeError(
        `Cannot send ${payload.length} bytes in a control frame: send at most ${MAX_CONTROL_BYTES}`,
      )
    }
    return this.#write(first, payload, sink)
  }

  #payload(first: number, data: Uint8Array, sink: FrameSink): boolean {
    if (data.length <= COPIED_BYTES || this.#role === 'client') return this.#write(first, data, sink)
    const header = Buffer.allocUnsafe(frameHeaderBytes(data.length, this.#role))
    putFrameHeader(header, first, data.length, this.#role)
    sink.write(header)
    return sink.write(data)
  }

  #write(first: number, payload: Uint8Array, sink: FrameSink): boolean {
    const frame = this.#frame(first, payload.length)
    frame.set(payload, frame.length - payload.length)
    return sink.write(this.#maskIfClient(frame, payload.length))
  }

  /** Allocates a frame and writes its header. The caller writes the payload at its end. */
  #frame(first: number, payloadBytes: number): Buffer {
    const frame = Buffer.allocUnsafe(frameHeaderBytes(payloadBytes, this.#role) + payloadBytes)
    putFrameHeader(frame, first, payloadBytes, this.#role)
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

const WHOLE: FrameFlags = { fin: true, compressed: false }
const TEXT = firstByte(Opcode.text, WHOLE)
const BINARY = firstByte(Opcode.binary, WHOLE)
const PING = firstByte(Opcode.ping, WHOLE)
const PONG = firstByte(Opcode.pong, WHOLE)
const CLOSE = firstByte(Opcode.close, WHOLE)
const COMPRESSED = firstByte(Opcode.continuation, { fin: false, compressed: true })
