import { ByteQueue } from '@ropewalk/core/bytes'
import { takeFrameHeader } from '../../src/codec/frame-header.ts'

/** A frame that the server has sent. */
export interface SentFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: Buffer
}

/** The whole frames in the bytes that a server has sent. */
export function framesOf(bytes: Uint8Array): SentFrame[] {
  const input = new ByteQueue()
  input.push(Buffer.from(bytes))
  const frames: SentFrame[] = []
  for (;;) {
    const header = takeFrameHeader(input, 'client', true)
    if (header === undefined) return frames
    const payload = input.takeExactly(header.payloadBytes)
    if (payload === undefined) return frames
    frames.push({ opcode: header.opcode, fin: header.fin, payload })
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
