import { ByteQueue } from '@ropewalk/core/bytes'
import { type Role, takeFrameHeader } from '../../src/codec/frame-header.ts'
import { mask } from '../../src/codec/mask.ts'

/** A frame that a side has sent. */
export interface SentFrame {
  readonly opcode: number
  readonly fin: boolean
  /** Whether RSV1 is set. */
  readonly compressed: boolean
  readonly payload: Buffer
}

/** The whole frames in the bytes that a side has sent: by default a server. */
export function framesOf(bytes: Uint8Array, by: Role = 'server'): SentFrame[] {
  const input = new ByteQueue()
  input.push(Buffer.from(bytes))
  const frames: SentFrame[] = []
  for (;;) {
    const header = takeFrameHeader(input, by === 'server' ? 'client' : 'server', true)
    if (header === undefined) return frames
    const payload = input.takeExactly(header.payloadBytes)
    if (payload === undefined) return frames
    mask(payload, header.maskKey)
    const { opcode, fin, compressed } = header
    frames.push({ opcode, fin, compressed, payload })
  }
}

/** Frames as one line: opcode, a hyphen unless it has FIN, and the payload or its length. */
export function outline(bytes: Uint8Array): string {
  return framesOf(bytes)
    .map(({ opcode, fin, payload }) => {
      const text = payload.length > 20 ? `(${payload.length})` : payload.toString()
      return `${opcode.toString(16)}${fin ? '' : '-'}${text === '' ? '' : ` ${text}`}`
    })
    .join(', ')
}
