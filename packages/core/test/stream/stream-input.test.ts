import { describe, expect, test } from 'vitest'
import { LocalProtocolError } from '../../src/errors.ts'
import { StreamInput } from '../../src/stream/stream-input.ts'

const piece = {
  take: (queue: { takeUpTo(limit: number): Buffer | undefined }): Buffer | undefined => queue.takeUpTo(2),
  atEnd: (): undefined => undefined,
}
const bytes = (text: string): Buffer => Buffer.from(text)

describe('StreamInput', () => {
  test('lets the next delivery wait while its bound is reached, until enough was read', async () => {
    const input = new StreamInput({ maxBufferedBytes: 4 })
    let admitted = false
    expect(input.push(bytes('ab'))).toBeUndefined()
    const admission = input.push(bytes('cdef'))?.then(() => {
      admitted = true
    })
    expect([String(await input.read(piece, {})), admitted]).toEqual(['ab', false])
    expect(String(await input.read(piece, {}))).toBe('cd')
    await admission
    expect(admitted).toBe(true)
  })

  test('takes more than its bound for a read that needs it', async () => {
    const input = new StreamInput({ maxBufferedBytes: 1 })
    const take = (queue: { takeExactly(count: number): Buffer | undefined }): Buffer | undefined =>
      queue.takeExactly(4)
    const admitted = input.push(bytes('ab'))
    const read = input.read({ take, atEnd: () => undefined }, {})
    await admitted
    expect(input.push(bytes('c'))).toBeUndefined()
    expect(input.push(bytes('d'))).toBeUndefined()
    expect(String(await read)).toBe('abcd')
  })

  test('gives what is left before its end, and before its failure', async () => {
    const [ended, failed] = [
      new StreamInput({ maxBufferedBytes: 9 }),
      new StreamInput({ maxBufferedBytes: 9 }),
    ]
    const reason = new Error('broken')
    for (const input of [ended, failed]) void input.push(bytes('abc'))
    ended.end()
    failed.fail(reason)
    failed.end()
    for (const input of [ended, failed]) {
      expect(String(await input.read(piece, {}))).toBe('ab')
      expect(String(await input.read(piece, {}))).toBe('c')
    }
    expect(await ended.read(piece, {})).toBeUndefined()
    await expect(failed.read(piece, {})).rejects.toBe(reason)
  })

  test('drops what comes after its end, and lets a delivery that waits go', async () => {
    const input = new StreamInput({ maxBufferedBytes: 1 })
    const admitted = input.push(bytes('a'))
    input.end()
    await admitted
    expect(input.push(bytes('b'))).toBeUndefined()
    expect(String(input.takeAll())).toBe('a')
  })

  test('refuses a read while another waits, also in the moment in which bytes come for that', async () => {
    const input = new StreamInput({ maxBufferedBytes: 9 })
    const first = input.read(piece, {})
    await expect(input.read(piece, {})).rejects.toBeInstanceOf(LocalProtocolError)
    void input.push(bytes('abcd'))
    await expect(input.read(piece, {})).rejects.toBeInstanceOf(LocalProtocolError)
    expect(String(await first)).toBe('ab')
    expect(String(await input.read(piece, {}))).toBe('cd')
  })

  test('makes room when all is taken out of turn', async () => {
    const input = new StreamInput({ maxBufferedBytes: 1 })
    const admitted = input.push(bytes('ab'))
    expect(String(input.takeAll())).toBe('ab')
    await expect(admitted).resolves.toBeUndefined()
  })

  test('rejects a read whose signal aborts while a part of it has come', async () => {
    const input = new StreamInput({ maxBufferedBytes: 9 })
    const abort = new AbortController()
    const why = new Error('no time')
    const read = input.read({ take: () => undefined, atEnd: () => undefined }, { signal: abort.signal })
    void input.push(bytes('half'))
    abort.abort(why)
    await expect(read).rejects.toBe(why)
    expect(String(input.takeAll())).toBe('half')
  })
})
