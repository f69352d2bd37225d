import { randomBytes } from 'node:crypto'

/** The opcodes of RFC 6455 §5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A frame to send, valid or not. */
export interface Frame {
  readonly opcode: number
  readonly payload?: Uint8Array | undefined
  /** Default true. */
  readonly fin?: boolean | undefined
  /** The three reserved bits as a number; 4 is RSV1. Default 0. */
  readonly rsv?: number | undefined
}

/** A frame that the peer has sent, unmasked. */
export interface ReceivedFrame {
  readonly opcode: number
  readonly payload: Buffer
  readonly fin: boolean
  readonly rsv: number
}

/** The peer has sent what RFC 6455 or RFC 7692 forbids. */
export class PeerViolation extends Error {
  override readonly name = 'PeerViolation'
}

/**
 * Encodes a frame (RFC 6455 §5.2). The length has its shortest form.
 *
 * @param masked Whether a masking key is used, as by a client.
 */
export function encodeFrame(
  { opcode, payload = NOTHING, fin = true, rsv = 0 }: Frame,
  masked: boolean,
): Buffer {
  const { length } = payload
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.allocUnsafe(2 + lengthBytes + (masked ? 4 : 0) + length)
  frame[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const short = lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127
  frame[1] = (masked ? 0x80 : 0) | short
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  const at = frame.length - length
  frame.set(payload, at)
  if (!masked) return frame
  const key = randomBytes(4)
  frame.set(key, at - 4)
  applyMask(frame.subarray(at), key)
  return frame
}

/** Where the payload of an encoded frame begins. */
export function payloadOffset(frame: Uint8Array): number {
  const second = frame[1] ?? 0
  const short = second & 0x7f
  return 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + ((second & 0x80) === 0 ? 0 : 4)
}

/** Cuts a payload into the frames of a fragmented message; at least one frame. */
export function fragments(
  opcode: number,
  payload: Uint8Array,
  fragmentBytes: number,
  rsv: number = 0,
): readonly Frame[] {
  if (fragmentBytes === 0 || payload.length <= fragmentBytes) return [{ opcode, payload, rsv }]
  const frames: Frame[] = []
  for (let at = 0; at < payload.length; at += fragmentBytes) {
    frames.push({
      opcode: at === 0 ? opcode : OPCODE.continuation,
      payload: payload.subarray(at, at + fragmentBytes),
      fin: at + fragmentBytes >= payload.length,
      rsv: at === 0 ? rsv : 0,
    })
  }
  return frames
}

/** Reads the frames of a peer, and checks everything that one frame alone shows. */
export class FrameReader {
  readonly #masked: boolean
  #pieces: Buffer[] = []
  #bytes = 0

  /** @param masked Whether the peer must mask its frames, as a client does. */
  constructor(masked: boolean) {
    this.#masked = masked
  }

  /** Adds bytes that have arrived. */
  push(data: Buffer): void {
    this.#pieces.push(data)
    this.#bytes += data.length
  }

  /**
   * Takes the next frame.
   *
   * @returns undefined when it has not all arrived.
   * @throws {PeerViolation} when it is malformed.
   */
  next(): ReceivedFrame | undefined {
    if (this.#bytes < 2) return undefined
    const head = this.#atLeast(Math.min(this.#bytes, MAX_HEAD_BYTES))
    const [first = 0, second = 0] = head
    checkFirst(first)
    if (((second & 0x80) !== 0) !== this.#masked) {
      throw new PeerViolation(
        this.#masked ? 'A client sent an unmasked frame' : 'A server sent a masked frame',
      )
    }
    const opcode = first & 0x0f
    const fin = (first & 0x80) !== 0
    const short = second & 0x7f
    if (opcode >= OPCODE.close && (!fin || short > 125)) {
      throw new PeerViolation('A control frame was fragmented or longer than 125 bytes')
    }
    const offset = payloadOffset(head)
    if (this.#bytes < offset) return undefined
    const length = lengthOf(head, short)
    if (this.#bytes < offset + length) return undefined
    const frame = this.#take(offset + length)
    const payload = frame.subarray(offset)
    if (this.#masked) applyMask(payload, frame.subarray(offset - 4, offset))
    return { opcode, payload, fin, rsv: (first >> 4) & 7 }
  }

  /** The first `count` bytes or more, as one Buffer. */
  #atLeast(count: number): Buffer {
    let [first = NOTHING_READ] = this.#pieces
    if (first.length < count) {
      first = Buffer.concat(this.#pieces)
      this.#pieces = [first]
    }
    return first
  }

  #take(count: number): Buffer {
    const first = this.#atLeast(count)
    this.#bytes -= count
    if (first.length === count) this.#pieces.shift()
    else this.#pieces[0] = first.subarray(count)
    return first.subarray(0, count)
  }
}

function checkFirst(first: number): void {
  const opcode = first & 0x0f
  if (opcode > OPCODE.pong || (opcode > OPCODE.binary && opcode < OPCODE.close)) {
    throw new PeerViolation(`A frame had the reserved opcode ${opcode}`)
  }
}

function lengthOf(head: Buffer, short: number): number {
  if (short < 126) return short
  const length = short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2))
  if (length < (short === 126 ? 126 : 65_536))
    throw new PeerViolation(`A length of ${length} was not minimal`)
  if (length > MAX_PAYLOAD_BYTES) throw new PeerViolation(`A frame had ${length} bytes`)
  return length
}

function applyMask(payload: Buffer, key: Uint8Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = key
  const whole = payload.length & ~3
  for (let at = 0; at < whole; at += 4) {
    payload[at] = (payload[at] ?? 0) ^ a
    payload[at + 1] = (payload[at + 1] ?? 0) ^ b
    payload[at + 2] = (payload[at + 2] ?? 0) ^ c
    payload[at + 3] = (payload[at + 3] ?? 0) ^ d
  }
  for (let at = whole; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (key[at & 3] ?? 0)
}

const NOTHING = new Uint8Array(0)
const NOTHING_READ = Buffer.alloc(0)
const MAX_HEAD_BYTES = 14
/** No case makes a peer send more in one frame. */
const MAX_PAYLOAD_BYTES = 1 << 25
