import { describe, expect, it } from 'vitest'
import { Replies } from '../../src/load/replies.ts'

const REPLY = Buffer.from('one reply of 26 bytes here')

/** Feeds the stream in chunks of one size; returns whether all of them are as expected. */
function accepts(replies: Replies, stream: Buffer, chunkBytes: number): boolean {
  for (let from = 0; from < stream.length; from += chunkBytes) {
    const chunk = stream.subarray(from, from + chunkBytes)
    if (!replies.areEqual(from % replies.length, chunk, chunk.length)) return false
  }
  return true
}

describe('Replies', () => {
  const stream = Buffer.alloc(REPLY.length * 5, REPLY)

  it('accepts equal replies wherever the stream is cut', () => {
    const replies = new Replies(REPLY, stream.length)
    for (let size = 1; size <= stream.length; size++) expect(accepts(replies, stream, size)).toBe(true)
  })

  it('refuses a stream in which any byte differs', () => {
    const replies = new Replies(REPLY, stream.length)
    for (let at = 0; at < stream.length; at++) {
      const wrong = Buffer.from(stream)
      wrong[at] = 0
      for (const size of [1, 7, 26, 130]) expect(accepts(replies, wrong, size)).toBe(false)
    }
  })

  it('ignores the bytes of one range, and no others', () => {
    const range = { start: 4, end: 9 }
    const replies = new Replies(REPLY, stream.length, range)
    for (let at = 0; at < stream.length; at++) {
      const changed = Buffer.from(stream)
      changed[at] = 0
      const position = at % REPLY.length
      const isIgnored = position >= range.start && position < range.end
      for (const size of [1, 7, 26, 130]) expect(accepts(replies, changed, size)).toBe(isIgnored)
    }
  })
})
