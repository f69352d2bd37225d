import type { ByteQueue } from '@ropewalk/core/bytes'
import { WebSocketError } from '../errors.ts'

/** Which end of a connection this is: a server reads masked frames and writes plain ones. */
export type Role = 'server' | 'client'

/** How long a masking key is (RFC 6455 §5.3). */
export const MASK_KEY_BYTES = 4

/** A frame's header. */
export interface FrameHeader {
  readonly fin: boolean
  readonly opcode: Opcode
  readonly payloadBytes: number
  /** The masking key's four bytes as a little-endian number; 0 for none. */
  readonly maskKey: number
}

/**
 * Takes a frame's header, whole or not at all (RFC 6455 §5.2).
 *
 *     offset  size     meaning
 *     0       1        FIN (0x80), RSV1–3 (0x70), opcode (0x0f)
 *     1       1        MASK (0x80), length 0–125, or 126, or 127
 *     2       2 or 8   length behind 126 or 127, big-endian, and not one that fits a shorter form
 *     …       4        masking key, behind MASK
 *
 * @param role Ours: what the peer sends is masked when we are the server.
 * @returns undefined when the header has not all arrived.
 * @throws {WebSocketError} as soon as its first two bytes are not those of a frame's header.
 */
export function takeFrameHeader(input: ByteQueue, role: Role): FrameHeader | undefined {
  const first = input.byteAt(0)
  const second = input.byteAt(1)
  if (first === undefined || second === undefined) return undefined
  const fin = (first & FIN) !== 0
  const opcode = readOpcode(first)
  checkMask(second, role)
  const shortLength = second & 0x7f
  if (isControl(opcode)) checkControl(fin, shortLength)
  const lengthBytes = shortLength < 126 ? 0 : shortLength === 126 ? 2 : 8
  const bytes = input.peek(2 + lengthBytes + (role === 'server' ? MASK_KEY_BYTES : 0))
  if (bytes === undefined) return undefined
  const payloadBytes = lengthBytes === 0 ? shortLength : readLength(bytes, lengthBytes)
  const maskKey = role === 'server' ? bytes.readInt32LE(2 + lengthBytes) : 0
  input.skip(bytes.length)
  return { fin, opcode, payloadBytes, maskKey }
}

/**
 * Writes the header of a message's only frame, or of a control frame, at the start of `target`.
 *
 * @param role Ours: a client leaves room for the masking key at the header's end.
 */
export function putFrameHeader(target: Buffer, opcode: Opcode, payloadBytes: number, role: Role): void {
  const maskBit = role === 'client' ? MASK : 0
  target[0] = FIN | opcode
  if (payloadBytes < 126) {
    target[1] = maskBit | payloadBytes
  } else if (payloadBytes < TWO_TO_16) {
    target[1] = maskBit | 126
    target.writeUInt16BE(payloadBytes, 2)
  } else {
    target[1] = maskBit | 127
    target.writeUInt32BE(Math.floor(payloadBytes / TWO_TO_32), 2)
    target.writeUInt32BE(payloadBytes % TWO_TO_32, 6)
  }
}

/** How long the header is that `putFrameHeader` writes, with room for the masking key. */
export function frameHeaderBytes(payloadBytes: number, role: Role): number {
  const lengthBytes = payloadBytes < 126 ? 0 : payloadBytes < TWO_TO_16 ? 2 : 8
  return 2 + lengthBytes + (role === 'client' ? MASK_KEY_BYTES : 0)
}

function readOpcode(first: number): Opcode {
  const opcode = first & 0x0f
  if ((first & RSV) !== 0) {
    throw new WebSocketError('reserved-bits', 'Cannot read a frame with reserved bits set')
  }
  if (!isOpcode(opcode)) {
    throw new WebSocketError('reserved-opcode', `Cannot read a frame of opcode ${opcode}`)
  }
  return opcode
}

function checkMask(second: number, role: Role): void {
  const masked = (second & MASK) !== 0
  if (role === 'server' && !masked) {
    throw new WebSocketError('missing-mask', 'Cannot read a frame that its client did not mask')
  }
  if (role === 'client' && masked) {
    throw new WebSocketError('unexpected-mask', 'Cannot read a frame that its server masked')
  }
}

function checkControl(fin: boolean, shortLength: number): void {
  if (!fin) throw new WebSocketError('control-frame-fragmented', 'Cannot read a control frame in fragments')
  if (shortLength > MAX_CONTROL_BYTES) {
    throw new WebSocketError(
      'control-frame-too-long',
      `Cannot read a control frame of more than ${MAX_CONTROL_BYTES} bytes`,
    )
  }
}

function readLength(bytes: Buffer, lengthBytes: number): number {
  const length =
    lengthBytes === 2 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(2) * TWO_TO_32 + bytes.readUInt32BE(6)
  if (length < (lengthBytes === 2 ? 126 : TWO_TO_16)) {
    throw new WebSocketError(
      'length-not-minimal',
      `Cannot read a length of ${length} in ${lengthBytes} bytes`,
    )
  }
  if (length > Number.MAX_SAFE_INTEGER) {
    throw new WebSocketError('length-out-of-range', 'Cannot read a frame of more than 2^53 bytes')
  }
  return length
}

/** What a frame carries (RFC 6455 §5.2). */
export const Opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const
/** One of the opcodes. */
export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** The longest payload of a control frame (RFC 6455 §5.5). */
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
const MASK = 0x80
const TWO_TO_16 = 2 ** 16
const TWO_TO_32 = 2 ** 32
