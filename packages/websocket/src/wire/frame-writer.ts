import { type CloseFrame, closePayload } from './close-frame.ts'
import { frameHeaderBytes, putFrameHeader, type Role } from './frame-header.ts'
import { mask } from './mask.ts'
import { Opcode } from './opcode.ts'

/** Where frames go: a transport. */
export interface FrameSink {
  write(data: Uint8Array): boolean
}

/** What a writer is made with. A client's frames are masked with keys that nobody can guess (RFC 6455 §5.3). */
export type FrameWriterOptions =
  | { readonly role: 'server' }
  | { readonly role: 'client'; readonly randomBytes: (count: number) => Uint8Array }

/**
 * Writes messages and control frames, one frame each (RFC 6455 §5.2, §6.1).
 *
 * A short frame is one write; the payload of a long one goes out as it is, behind its header.
 */
export class FrameWriter {
  readonly #role: Role
  readonly #randomBytes: ((count: number) => Uint8Array) | undefined

  constructor(options: FrameWriterOptions) {
    this.#role = options.role
    this.#randomBytes = options.role === 'client' ? options.randomBytes : undefined
  }

  /** @returns what the sink's last `write` returned. */
  text(text: string, sink: FrameSink): boolean {
    const payloadBytes = Buffer.byteLength(text)
    const frame = this.#frame(Opcode.text, payloadBytes)
    frame.write(text, frame.length - payloadBytes)
    return sink.write(this.#sealed(frame, payloadBytes))
  }

  /** @returns what the sink's last `write` returned. */
  bytes(data: Uint8Array, sink: FrameSink): boolean {
    if (data.length <= COPIED_BYTES || this.#role === 'client') return this.#write(Opcode.binary, data, sink)
    const header = Buffer.allocUnsafe(frameHeaderBytes(data.length))
    putFrameHeader(header, Opcode.binary, data.length, false)
    sink.write(header)
    return sink.write(data)
  }

  /** @throws {RangeError} when the payload has more than 125 bytes. */
  ping(payload: Uint8Array, sink: FrameSink): boolean {
    return this.#control(Opcode.ping, payload, sink)
  }

  /** @throws {RangeError} when the payload has more than 125 bytes. */
  pong(payload: Uint8Array, sink: FrameSink): boolean {
    return this.#control(Opcode.pong, payload, sink)
  }

  /** @throws {RangeError} when the code may not be sent, or the reason has more than 123 bytes. */
  close(frame: CloseFrame, sink: FrameSink): boolean {
    return this.#control(Opcode.close, closePayload(frame), sink)
  }

  #control(opcode: Opcode, payload: Uint8Array, sink: FrameSink): boolean {
    if (payload.length > MAX_CONTROL_BYTES) {
      throw new RangeError(
        `Cannot send ${payload.length} bytes in a control frame: ${MAX_CONTROL_BYTES} at most`,
      )
    }
    return this.#write(opcode, payload, sink)
  }

  #write(opcode: Opcode, payload: Uint8Array, sink: FrameSink): boolean {
    const frame = this.#frame(opcode, payload.length)
    frame.set(payload, frame.length - payload.length)
    return sink.write(this.#sealed(frame, payload.length))
  }

  /** A frame with room for its payload at the end. */
  #frame(opcode: Opcode, payloadBytes: number): Buffer {
    const masked = this.#role === 'client'
    const frame = Buffer.allocUnsafe(frameHeaderBytes(payloadBytes) + (masked ? 4 : 0) + payloadBytes)
    putFrameHeader(frame, opcode, payloadBytes, masked)
    return frame
  }

  /** Masks the payload, if we must. */
  #sealed(frame: Buffer, payloadBytes: number): Buffer {
    if (this.#randomBytes === undefined) return frame
    const payloadAt = frame.length - payloadBytes
    frame.set(this.#randomBytes(4), payloadAt - 4)
    mask(frame.subarray(payloadAt), frame.readInt32LE(payloadAt - 4), 0)
    return frame
  }
}

/** Up to this size, copying a payload behind its header is cheaper than a second piece. */
const COPIED_BYTES = 4096
const MAX_CONTROL_BYTES = 125
