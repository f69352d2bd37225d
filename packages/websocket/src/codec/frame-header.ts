import { WebSocketError } from '../errors.ts'
import type { ByteInput } from './byte-input.ts'

/** Which side of a connection this is: a server reads masked frames and writes unmasked ones. */
export type Role = 'server' | 'client'

/** The length of a masking key, in bytes (RFC 6455 §5.3). */
export const MASK_KEY_BYTES = 4

/** A frame's header. */
export interface FrameHeader {
  readonly fin: boolean
  /** RSV1: this is the first frame of a compressed message (RFC 7692 §6). */
  readonly compressed: boolean
  readonly opcode: Opcode
  readonly payloadBytes: number
  /** The masking key's four bytes as a little-endian number; 0 for an unmasked frame. */
  readonly maskKey: number
}

/** The flags of a frame that is written. */
export interface FrameFlags {
  /** Whether it is the last frame of its message. */
  readonly fin: boolean
  /** Whether its message is compressed; the message's later frames have false. */
  readonly compressed: boolean
}

/**
 * Takes a frame's header, whole or not at all (RFC 6455 §5.2).
 *
 *     offset  size     meaning
 *     0       1        FIN (0x80), RSV1–3 (0x70), opcode (0x0f)
 *     1       1        MASK (0x80), length 0–125, or 126, or 127
 *     2       2 or 8   length after 126 or 127, big-endian; a length that fits a shorter form is refused
 *     …       4        masking key, if MASK is set
 *
 * @param role Our side: a server requires masked frames, a client refuses them.
 * @param compression Whether compression was agreed: else RSV1 is refused. It is always refused in control
 *   frames and continuation frames.
 * @returns undefined when the header has not all arrived.
 * @throws {WebSocketError} when the header is invalid. A fault in its first two bytes is found before the rest
 *   arrives.
 */
export function takeFrameHeader(input: ByteInput, role: Role, compression: boolean): FrameHeader | undefined {
  const first = input.byteAt(0)
  const second = input.byteAt(1)
  if (first === undefined || second === undefined) return undefined
  const fin = (first & FIN) !== 0
  const opcode = readOpcode(first, compression)
  checkMask(second, role)
  const shortLength = second & 0x7f
  if (isControl(opcode)) checkControl(fin, shortLength)
  const lengthBytes = shortLength < 126 ? 0 : shortLength === 126 ? 2 : 8
  const headerBytes = 2 + lengthBytes + (role === 'server' ? MASK_KEY_BYTES : 0)
  if (input.length < headerBytes) return undefined
  const payloadBytes = lengthBytes === 0 ? shortLength : readLength(input, lengthBytes)
  const maskKey = role === 'server' ? inputKey(input, 2 + lengthBytes) : 0
  input.skip(headerBytes)
  return { fin, compressed: (first & RSV1) !== 0, opcode, payloadBytes, maskKey }
}

/**
 * Writes a frame's header at the start of `target`.
 *
 * @param first The first byte, as `firstByte` returns it.
 * @param role Our side: a client leaves space for the masking key at the end of the header.
 */
export function putFrameHeader(target: Uint8Array, first: number, payloadBytes: number, role: Role): void {
  const maskBit = role === 'client' ? MASK : 0
  target[0] = first
  if (payloadBytes < 126) {
    target[1] = maskBit | payloadBytes
  } else if (payloadBytes < TWO_TO_16) {
    target[1] = maskBit | 126
    target[2] = payloadBytes >>> 8
    target[3] = payloadBytes
  } else {
    target[1] = maskBit | 127
    putUint32(target, 2, Math.floor(payloadBytes / TWO_TO_32))
    putUint32(target, 6, payloadBytes % TWO_TO_32)
  }
}

/** The first byte of a frame: FIN, RSV1 for the first frame of a compressed message, and the opcode. */
export function firstByte(opcode: Opcode, { fin, compressed }: FrameFlags): number {
  return (fin ? FIN : 0) | (compressed ? RSV1 : 0) | opcode
}

/**
 * The length of the header that `putFrameHeader` writes, including the space for the masking key, in bytes.
 */
export function frameHeaderBytes(payloadBytes: number, role: Role): number {
  const lengthBytes = payloadBytes < 126 ? 0 : payloadBytes < TWO_TO_16 ? 2 : 8
  return 2 + lengthBytes + (role === 'client' ? MASK_KEY_BYTES : 0)
}

function readOpcode(first: number, compression: boolean): Opcode {
  const opcode = first & 0x0f
  const reserved = first & RSV
  // RFC 7692 §6: RSV1 is set in the first frame of a message only.
  const begins = opcode === Opcode.text || opcode === Opcode.binary
  if (reserved !== 0 && !(reserved === RSV1 && compression && begins)) {
    throw new WebSocketError('reserved-bits', 'Cannot accept a frame with reserved bits set')
  }
  if (!isOpcode(opcode)) {
    throw new WebSocketError('reserved-opcode', `Cannot accept a frame with the reserved opcode ${opcode}`)
  }
  return opcode
}

function checkMask(second: number, role: Role): void {
  const masked = (second & MASK) !== 0
  if (role === 'server' && !masked) {
    throw new WebSocketError('missing-mask', 'Cannot accept an unmasked frame from a client')
  }
  if (role === 'client' && masked) {
    throw new WebSocketError('unexpected-mask', 'Cannot accept a masked frame from a server')
  }
}

function checkControl(fin: boolean, shortLength: number): void {
  if (!fin) throw new WebSocketError('control-frame-fragmented', 'Cannot accept a fragmented control frame')
  if (shortLength > MAX_CONTROL_BYTES) {
    throw new WebSocketError(
      'control-frame-too-long',
      `Cannot accept a control frame of more than ${MAX_CONTROL_BYTES} bytes`,
    )
  }
}

/** Reads a masking key as a little-endian number. */
export function readKey(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

/** The same from the input. Byte by byte: a view of the header would cost more than all the rest of it. */
function inputKey(input: ByteInput, at: number): number {
  return (
    (input.byteAt(at) ?? 0) |
    ((input.byteAt(at + 1) ?? 0) << 8) |
    ((input.byteAt(at + 2) ?? 0) << 16) |
    ((input.byteAt(at + 3) ?? 0) << 24)
  )
}

function readUint16(input: ByteInput, at: number): number {
  return ((input.byteAt(at) ?? 0) << 8) | (input.byteAt(at + 1) ?? 0)
}

function readUint32(input: ByteInput, at: number): number {
  return readUint16(input, at) * TWO_TO_16 + readUint16(input, at + 2)
}

function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
}

function readLength(input: ByteInput, lengthBytes: number): number {
  const length =
    lengthBytes === 2 ? readUint16(input, 2) : readUint32(input, 2) * TWO_TO_32 + readUint32(input, 6)
  if (length < (lengthBytes === 2 ? 126 : TWO_TO_16)) {
    throw new WebSocketError(
      'length-not-minimal',
      `Cannot accept a frame length of ${length} written in ${lengthBytes} bytes`,
    )
  }
  if (length > Number.MAX_SAFE_INTEGER) {
    throw new WebSocketError('length-out-of-range', 'Cannot accept a frame of 2^53 bytes or more')
  }
  return length
}

/**
 * The opcodes: what a frame carries (RFC 6455 §5.2).
 *
 * @example
 * ```ts
 * import { Opcode } from '@ropewalk/websocket/codec'
 *
 * console.log(Opcode.ping)
 * ```
 *
 * ```text
 * 9
 * ```
 */
export const Opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const
/** One of the opcodes. */
export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** The longest payload of a control frame, in bytes (RFC 6455 §5.5). */
export const MAX_CONTROL_BYTES = 125

/** Whether a number is an opcode that is not reserved. */
export function isOpcode(code: number): code is Opcode {
  return code <= Opcode.binary || (code >= Opcode.close && code <= Opcode.pong)
}

/** Whether frames of this opcode control the connection rather than carry a message (RFC 6455 §5.5). */
export function isControl(opcode: Opcode): boolean {
  return opcode >= Opcode.close
}

const FIN = 0x80
const RSV = 0x70
const RSV1 = 0x40
const MASK = 0x80
const TWO_TO_16 = 2 ** 16
const TWO_TO_32 = 2 ** 32
