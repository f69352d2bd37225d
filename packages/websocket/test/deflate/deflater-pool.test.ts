import * as zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { DeflateAgreement } from '../../src/deflate/deflate-agreement.ts'
import { Deflate } from '../../src/deflate/deflate.ts'
import { DEFAULT_DEFLATE_OPTIONS } from '../../src/deflate/deflate-options.ts'
import type { SlicedDeflater } from '../../src/deflate/message-codec.ts'

const AGREED: DeflateAgreement = {
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  serverContextTakeover: true,
  clientContextTakeover: true,
}
const TEXT = Buffer.from('one of many messages that are alike, and are sent by many WebSockets')

/** A receiver that keeps its window, as a peer does. */
class Receiver {
  readonly #parts: Buffer[] = []

  /** The text of the message: all messages so far are inflated as one stream. */
  receive(deflated: Uint8Array): string {
    const before = this.#inflated().length
    this.#parts.push(Buffer.from(deflated), Buffer.of(0, 0, 255, 255))
    return this.#inflated().subarray(before).toString()
  }

  #inflated(): Buffer {
    const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH }
    return this.#parts.length === 0
      ? Buffer.alloc(0)
      : zlib.inflateRawSync(Buffer.concat(this.#parts), options)
  }
}

describe('DeflaterPool', () => {
  test('opens a compressor for the first message, and closes it with its WebSocket', () => {
    const deflate = new Deflate(DEFAULT_DEFLATE_OPTIONS)
    const deflaters = Array.from({ length: 5 }, () => deflate.deflater(AGREED, 'server'))
    expect(deflate.openDeflaters).toBe(0)
    for (const deflater of deflaters) deflater.deflate(TEXT)
    expect(deflate.openDeflaters).toBe(5)
    for (const deflater of deflaters) deflater.close()
    expect(deflate.openDeflaters).toBe(0)
  })

  test('keeps one for all WebSockets whose messages stand alone', () => {
    const deflate = new Deflate(DEFAULT_DEFLATE_OPTIONS)
    const alone = { ...AGREED, serverContextTakeover: false }
    const deflaters = Array.from({ length: 5 }, () => deflate.deflater(alone, 'server'))
    const deflated = deflaters.map((deflater) => deflater.deflate(TEXT))
    expect(new Set(deflated.map((each) => Buffer.from(each).toString('hex'))).size).toBe(1)
    expect(deflate.openDeflaters).toBe(1)
  })

  test('takes the compressor away that was not used for the longest time; its next message stands alone', () => {
    const deflate = new Deflate({ ...DEFAULT_DEFLATE_OPTIONS, maxDeflaters: 2 })
    const users = Array.from({ length: 3 }, () => ({
      deflater: deflate.deflater(AGREED, 'server'),
      receiver: new Receiver(),
    }))
    const [first, second, third] = users
    const send = (user: (typeof users)[number] | undefined): number => {
      const deflated = user?.deflater.deflate(TEXT) ?? Buffer.alloc(0)
      expect(user?.receiver.receive(deflated)).toBe(TEXT.toString())
      return deflated.length
    }
    const alone = send(first)
    expect(send(second)).toBe(alone)
    expect(send(first)).toBeLessThan(alone)
    expect(send(third)).toBe(alone)
    expect(deflate.openDeflaters).toBe(2)
    expect(send(first)).toBeLessThan(alone)
    expect(send(second)).toBe(alone)
    expect(send(third)).toBe(alone)
    expect(deflate.openDeflaters).toBe(2)
  })

  test('does not take a compressor away in the middle of a message', () => {
    const deflate = new Deflate({ ...DEFAULT_DEFLATE_OPTIONS, maxDeflaters: 1 })
    const [large, small] = [deflate.deflater(AGREED, 'server'), deflate.deflater(AGREED, 'server')]
    const data = Buffer.alloc(100_000, 'large ')
    const slices = large.slices(data)
    expect(slices.next().done).toBe(false)
    expect(new Receiver().receive(small.deflate(TEXT))).toBe(TEXT.toString())
    expect(new Receiver().receive(rest(slices))).toBe(data.toString())
  })

  test('gives a compressor with another window up', () => {
    const deflate = new Deflate({ ...DEFAULT_DEFLATE_OPTIONS, maxDeflaters: 1 })
    const data = Buffer.concat([
      TEXT,
      Buffer.from(Array.from({ length: 600 }, (_, at) => (at * 7919) % 256)),
      TEXT,
    ])
    const wide = deflate.deflater(AGREED, 'server').deflate(data)
    const narrow = deflate.deflater({ ...AGREED, serverMaxWindowBits: 9 }, 'server').deflate(data)
    expect(narrow.length).toBeGreaterThan(wide.length)
    expect(zlib.inflateRawSync(narrow, { windowBits: 9, finishFlush: zlib.constants.Z_SYNC_FLUSH })).toEqual(
      data,
    )
    expect(deflate.openDeflaters).toBe(1)
  })
})

function rest(slices: ReturnType<SlicedDeflater['slices']>): Uint8Array {
  for (;;) {
    const step = slices.next()
    if (step.done === true) return step.value
  }
}
