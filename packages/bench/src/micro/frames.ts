import { FrameWriter, MessageReader, ReceivedBytes } from '@ropewalk/websocket/codec'
import { bench, do_not_optimize, group } from 'mitata'
import { clientFrame } from '../load/websocket-frames.ts'

/** WebSocket frames: bytes to messages, and messages to bytes. */
export function frames(): void {
  group('read masked frames', () => {
    for (const bytes of SIZES) reads(`one message of ${bytes} B`, bytes, 1)
    reads('100 messages of 64 B in one chunk', 64, 100)
  })
  group('write frames', () => {
    const writer = new FrameWriter({ role: 'server' })
    const sink = { write: (data: Uint8Array) => do_not_optimize(data) === undefined }
    for (const bytes of SIZES) {
      const payload = Buffer.alloc(bytes, 'rope')
      bench(`one message of ${bytes} B`, () => writer.bytes(payload, sink))
    }
    const text = 'r\u{f6}pe'.repeat(16)
    bench('64 characters of text, not ASCII', () => writer.text(text, sink))
  })
}

/** A reader unmasks in place: each time it gets a copy of the frames, which is a part of what is measured. */
function reads(name: string, bytes: number, count: number): void {
  const frame = clientFrame(Buffer.alloc(bytes, 'rope'), { text: false })
  const received = Buffer.concat(Array.from({ length: count }, () => frame))
  const reader = new MessageReader({ role: 'server' })
  const input = new ReceivedBytes()
  bench(name, () => {
    input.push(Buffer.from(received))
    for (let event = reader.next(input); event !== undefined; event = reader.next(input))
      do_not_optimize(event)
  })
}

const SIZES = [16, 1024, 65_536]
