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
  readKey,
  type Role,
} from './frame-header.ts'
import type { MessageKind } from './message-assembly.ts'
import { type CodecPlatform, WEB_PLATFORM } from './platform.ts'
import { encodeText, putText } from './utf8.ts'

/** The part of a transport that a FrameWriter writes to. */
export interface FrameSink {
  /** Queues bytes, which the caller must not change afterwards; returns false when too many are queued. */
  write(data: Uint8Array): boolean
}

/** The options of a FrameWriter. */
export type FrameWriterOptions = {
  /** Default `WEB_PLATFORM`. */
  readonly platform?: CodecPlatform | undefined
} & (
  | { readonly role: 'server' }
  | {
      readonly role: 'client'
      /** Makes masking keys, which must be unpredictable (RFC 6455 §5.3): `crypto.getRandomValues`. */
      readonly randomBytes: (count: number) => Uint8Array
    }
)

/**
 * Writes messages and control frames, one frame each (RFC 6455 §5.2, §6.1).
 *
 * A short frame is one write. A server writes a long payload without a copy, after its header: the caller
 * must not change it afterwards. Each method returns the result of the sink's last `write`, and writes
 * nothing when it throws.
 */
export class FrameWriter {
  readonly #role: Role
  readonly #platform: CodecPlatform
  readonly #randomBytes: ((count: number) => Uint8Array) | undefined

  constructor(options: FrameWriterOptions) {
    this.#role = options.role
    this.#platform = options.platform ?? WEB_PLATFORM
    this.#randomBytes = options.role === 'client' ? options.randomBytes : undefined
  }

  /**
   * Writes a text message. In a string, a lone surrogate becomes U+FFFD.
   *
   * @param text A string, or bytes that are UTF-8: they are not checked.
   * @throws {TypeError} when it is neither a string nor a Uint8Array.
   */
  text(text: string | Uint8Array, sink: FrameSink): boolean {
    if (typeof text === 'string') return this.#text(text, sink)
    if (text instanceof Uint8Array) return this.#payload(TEXT, text, sink)
    throw new TypeError(`Cannot send ${typeof text} as text: use a string or a Uint8Array`)
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

  #text(text: string, sink: FrameSink): boolean {
    if (text.length <= SCRATCH_CHARACTERS) {
      const payloadBytes = putText(text, SCRATCH) ?? 0
      return this.#write(TEXT, SCRATCH.subarray(0, payloadBytes), sink)
    }
    // Most long texts are ASCII. Then they have as many bytes as characters, and need not be measured first.
    const frame = this.#frame(TEXT, text.length)
    const payload = frame.subarray(frame.length - text.length)
    if (putText(text, payload) === undefined) return this.#payload(TEXT, encodeText(text), sink)
    return sink.write(this.#maskIfClient(frame, payload))
  }

  #payload(first: number, data: Uint8Array, sink: FrameSink): boolean {
    if (data.length <= COPIED_BYTES || this.#role === 'client') return this.#write(first, data, sink)
    const header = this.#platform.allocateFrame(frameHeaderBytes(data.length, this.#role))
    putFrameHeader(header, first, data.length, this.#role)
    sink.write(header)
    return sink.write(data)
  }

  #write(first: number, payload: Uint8Array, sink: FrameSink): boolean {
    const frame = this.#frame(first, payload.length)
    const at = frame.length - payload.length
    if (this.#role === 'server') frame.set(payload, at)
    else this.#platform.maskInto(payload, this.#putKey(frame, at), frame, at)
    return sink.write(frame)
  }

  /** Allocates a frame and writes its header. The caller writes the payload at its end. */
  #frame(first: number, payloadBytes: number): Uint8Array {
    const frame = this.#platform.allocateFrame(frameHeaderBytes(payloadBytes, this.#role) + payloadBytes)
    putFrameHeader(frame, first, payloadBytes, this.#role)
    return frame
  }

  #maskIfClient(frame: Uint8Array, payload: Uint8Array): Uint8Array {
    if (this.#role === 'client')
      this.#platform.mask(payload, this.#putKey(frame, frame.length - payload.length))
    return frame
  }

  /** Writes a new masking key before the payload, and returns it. */
  #putKey(frame: Uint8Array, payloadAt: number): number {
    const key = this.#randomBytes?.(MASK_KEY_BYTES) ?? NO_KEY
    frame.set(key, payloadAt - MASK_KEY_BYTES)
    return readKey(key, 0)
  }
}

/** Refuses other types, with which a frame could contain uninitialised memory. */
function checkBytes(data: unknown): asserts data is Uint8Array {
  if (!(data instanceof Uint8Array))
    throw new TypeError(`Cannot send ${typeof data} as bytes: use a Uint8Array`)
}

/** Up to this size, copying a payload into the frame is cheaper than a second write. */
const COPIED_BYTES = 4096
/**
 * Up to this length in UTF-16 units, a text is encoded here and copied: that costs less than to measure its
 * UTF-8 first, which takes at most three bytes a unit.
 */
const SCRATCH_CHARACTERS = 2048
const SCRATCH = new Uint8Array(3 * SCRATCH_CHARACTERS)
const NO_KEY = new Uint8Array(MASK_KEY_BYTES)

const WHOLE: FrameFlags = { fin: true, compressed: false }
const TEXT = firstByte(Opcode.text, WHOLE)
const BINARY = firstByte(Opcode.binary, WHOLE)
const PING = firstByte(Opcode.ping, WHOLE)
const PONG = firstByte(Opcode.pong, WHOLE)
const CLOSE = firstByte(Opcode.close, WHOLE)
const COMPRESSED = firstByte(Opcode.continuation, { fin: false, compressed: true })
