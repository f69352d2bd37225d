import { constants, createDeflateRaw, type DeflateRaw } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { deflated, DeflatedReplies, KnownReplies, WINDOW_BYTES } from '../../src/load/deflated-replies.ts'
import { jsonMessages } from '../../src/load/json-messages.ts'
import { serverFrame } from '../../src/load/websocket-frames.ts'

const MESSAGES = jsonMessages(1024, 64)
const KIND = { text: true, compressed: true }

/** Compresses messages as a server does that keeps its window. */
class Compressor {
  readonly #deflate: DeflateRaw = createDeflateRaw()

  frameOf(message: Buffer): Promise<Buffer> {
    const chunks: Buffer[] = []
    this.#deflate.on('data', (data: Buffer) => chunks.push(data))
    this.#deflate.write(message)
    return new Promise((resolve) => {
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.removeAllListeners('data')
        resolve(serverFrame(Buffer.concat(chunks).subarray(0, -4), KIND))
      })
    })
  }
}

function readAll(replies: DeflatedReplies, stream: Buffer, chunkBytes: number): number {
  let count = 0
  for (let from = 0; from < stream.length; from += chunkBytes) {
    const chunk = stream.subarray(from, from + chunkBytes)
    count += replies.received(chunk, chunk.length)
  }
  return count
}

describe('DeflatedReplies', () => {
  it('accepts the messages of a server that keeps its window, round after round, wherever they are cut', async () => {
    const compressor = new Compressor()
    const frames: Buffer[] = []
    for (let round = 0; round < 3; round++) {
      for (const message of MESSAGES) frames.push(await compressor.frameOf(message))
    }
    const stream = Buffer.concat(frames)
    for (const size of [1, 7, 1000, stream.length]) {
      expect(readAll(new DeflatedReplies(new KnownReplies(MESSAGES)), stream, size)).toBe(3 * MESSAGES.length)
    }
  })

  it('accepts the messages of a server that keeps no window', () => {
    const stream = Buffer.concat(MESSAGES.map((message) => serverFrame(deflated(message), KIND)))
    expect(readAll(new DeflatedReplies(new KnownReplies(MESSAGES)), stream, 500)).toBe(MESSAGES.length)
  })

  it('refuses another message, and one that is not compressed', () => {
    const [first = Buffer.alloc(0), second = first] = MESSAGES
    const read = (frame: Buffer): number =>
      new DeflatedReplies(new KnownReplies(MESSAGES)).received(frame, frame.length)
    expect(read(serverFrame(deflated(first), KIND))).toBe(1)
    expect(() => read(serverFrame(deflated(second), KIND))).toThrow('A reply differs')
    expect(() => read(serverFrame(first, { text: true }))).toThrow('A reply differs')
  })
})

describe('jsonMessages', () => {
  it('are of the length wanted, differ, and are the same in every run', () => {
    expect(MESSAGES.every(({ length }) => length === 1024)).toBe(true)
    expect(new Set(MESSAGES.map(String)).size).toBe(MESSAGES.length)
    expect(jsonMessages(1024, 64)).toEqual(MESSAGES)
    expect(MESSAGES.length * 1024).toBe(2 * WINDOW_BYTES)
  })
})
