import { describe, expect, it } from 'vitest'
import { FragmentedReplies } from '../../src/load/fragmented-replies.ts'
import { Replies } from '../../src/load/replies.ts'

describe('FragmentedReplies', () => {
  const payload = Buffer.from(Uint8Array.from({ length: 700 }, (_, at) => at))
  const reader = () => new FragmentedReplies(new Replies(payload, 2000))
  const whole = Buffer.concat([Buffer.from([0x82, 126, 2, 188]), payload])
  const fragments = Buffer.concat([
    Buffer.from([0x02, 127, 0, 0, 0, 0, 0, 0, 1, 144]),
    payload.subarray(0, 400),
    Buffer.from([0x00, 126, 0, 200]),
    payload.subarray(400, 600),
    Buffer.from([0x80, 100]),
    payload.subarray(600),
  ])

  it('counts messages of one frame and of several, wherever the stream is cut', () => {
    const stream = Buffer.concat([whole, fragments, whole])
    for (const cut of [1, 2, 3, 7, 100, 705, stream.length]) {
      const replies = reader()
      let count = 0
      for (let at = 0; at < stream.length; at += cut) {
        const chunk = stream.subarray(at, at + cut)
        count += replies.received(chunk, chunk.length)
      }
      expect(count).toBe(3)
    }
  })
  it('throws for a byte that differs', () => {
    const wrong = Buffer.from(fragments)
    wrong[500] = 0
    expect(() => reader().received(wrong, wrong.length)).toThrow('A reply differs from the first')
  })
  it('throws for a message that is too short or too long, or does not begin as one', () => {
    const short = Buffer.from([0x82, 2, 0, 1])
    expect(() => reader().received(short, 4)).toThrow('wrong length: 2 bytes')
    const long = Buffer.concat([Buffer.from([0x02, 126, 2, 188]), payload])
    expect(() => reader().received(long, long.length)).toThrow('wrong length: 700 bytes')
    expect(() => reader().received(Buffer.from([0x80, 2, 0, 1]), 4)).toThrow('with the opcode 0')
  })
})
