import { ByteQueue } from '@ropewalk/core/bytes'
import type { BodyReader } from '../../src/codec/body-reader.ts'

/** Returns what a body reader reads from `pieces`, and the bytes that it leaves. */
export function readBody(
  reader: BodyReader,
  pieces: Iterable<Uint8Array>,
): { body: string; trailers: readonly string[] | undefined; unread: string } {
  const input = new ByteQueue()
  let body = ''
  let trailers: readonly string[] | undefined
  for (const piece of pieces) {
    input.push(piece)
    while (trailers === undefined) {
      const event = reader.next(input)
      if (event === undefined) break
      if (event.type === 'end') trailers = event.trailers
      else body += event.data.toString('latin1')
    }
  }
  return { body, trailers, unread: input.takeAll().toString('latin1') }
}
