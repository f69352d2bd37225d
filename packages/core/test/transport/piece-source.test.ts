import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Pipeable } from '../../src/interfaces/transport.ts'
import { piecesOf } from '../../src/transport/piece-source.ts'

async function* letters(): AsyncGenerator<string> {
  yield 'a'
  yield 'b'
}

describe('piecesOf', () => {
  const sources: [string, () => Pipeable][] = [
    ['a generator', letters],
    ['a Node stream', () => Readable.from(letters())],
    ['a web stream', () => Readable.toWeb(Readable.from(letters())) as Pipeable],
  ]
  test.each(sources)('gives the pieces of %s, and its end', async (_, source) => {
    const pieces = piecesOf(source())
    const read = [await pieces.next(), await pieces.next(), await pieces.next()]
    expect(read.map(({ value }) => value)).toEqual(['a', 'b', undefined])
    expect(read.map(({ done }) => done)).toEqual([false, false, true])
  })

  test('releases a Node stream of which a piece is awaited', async () => {
    const stream = new Readable({ read: () => undefined })
    const pieces = piecesOf(stream)
    const next = pieces.next().catch((error: unknown) => error)
    pieces.release()
    await next
    expect(stream.destroyed).toBe(true)
  })

  test('releases a web stream of which a piece is awaited', async () => {
    let cancelled = false
    const stream = new ReadableStream<string>({
      cancel() {
        cancelled = true
        throw new Error('nobody waits for this')
      },
    })
    const pieces = piecesOf(stream)
    const next = pieces.next()
    pieces.release()
    expect([await next, cancelled]).toEqual([{ done: true, value: undefined }, true])
  })

  test('releases an iterator, whether or not it knows how to return', async () => {
    let returned = false
    const knows = (async function* (): AsyncGenerator<string> {
      try {
        yield 'a'
      } finally {
        returned = true
        // eslint-disable-next-line no-unsafe-finally -- what goes wrong in a cleanup is nobody's
        throw new Error('nobody waits for this')
      }
    })()
    const pieces = piecesOf(knows)
    await pieces.next()
    pieces.release()
    piecesOf({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: 0 }) }) }).release()
    await new Promise((resolve) => setImmediate(resolve))
    expect(returned).toBe(true)
  })

  test('lets go of a web stream that was read to its end', async () => {
    const stream = new ReadableStream<string>({ start: (controller) => controller.close() })
    expect(await piecesOf(stream).next()).toMatchObject({ done: true })
    expect(stream.locked).toBe(false)
  })
})
