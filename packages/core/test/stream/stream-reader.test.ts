import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { LineTooLongError } from '../../src/bytes.ts'
import { LocalProtocolError } from '../../src/index.ts'
import { IncompleteReadError } from '../../src/stream.ts'
import { chunkings } from '../../src/testing.ts'
import { StreamInput, StreamReader } from '../../src/stream/stream-reader.ts'

function stream(...pieces: readonly string[]): { input: StreamInput; reader: StreamReader } {
  const input = new StreamInput({ maxBufferedBytes: 65_536 })
  for (const piece of pieces) void input.push(Buffer.from(piece))
  return { input, reader: new StreamReader(input) }
}

async function readMessage(reader: StreamReader): Promise<unknown[]> {
  const first = await reader.readLine()
  const key = await reader.readUntil('=>')
  const body = await reader.readExactly(6)
  const second = await reader.readLine()
  const rest: Buffer[] = []
  for await (const data of reader) rest.push(data)
  return [first, String(key), String(body), second, String(Buffer.concat(rest)), await reader.read()]
}

const MESSAGE = 'naïve\r\nke=y=>1\n3456two\nrest'
const PARTS = ['naïve', 'ke=y', '1\n3456', 'two', 'rest', undefined]

describe('StreamReader', () => {
  test('reads lines, delimited and counted bytes and the rest, under every cut', async () => {
    for (const chunks of chunkings(MESSAGE)) {
      const { input, reader } = stream()
      const message = readMessage(reader)
      for (const chunk of chunks) {
        await input.push(chunk)
        await Promise.resolve()
      }
      input.end()
      expect(await message).toEqual(PARTS)
    }
  })

  test('reads the same when the input has ended before the first read', async () => {
    for (const chunks of chunkings(MESSAGE)) {
      const { input, reader } = stream(...chunks.map((chunk) => chunk.toString('latin1')))
      input.end()
      const read = await readMessage(reader)
      expect(read.slice(1)).toEqual(PARTS.slice(1))
    }
  })

  test('returns undefined at an end between units, and rejects with IncompleteReadError within one', async () => {
    const [between, within, cut] = [stream('line\n'), stream('line\nli'), stream('abc')]
    for (const { input } of [between, within, cut]) input.end()
    expect([await between.reader.readLine(), await between.reader.readLine()]).toEqual(['line', undefined])
    expect(await between.reader.readUntil(';')).toBeUndefined()
    expect(await within.reader.readLine()).toBe('line')
    const error = await within.reader.readLine().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(IncompleteReadError)
    expect(String((error as IncompleteReadError).partial)).toBe('li')
    await expect(cut.reader.readExactly(4)).rejects.toMatchObject({ partial: Buffer.from('abc') })
    await expect(cut.reader.readExactly(1)).rejects.toMatchObject({
      message: 'Cannot read 1 byte: the input ended after 0 bytes',
      partial: Buffer.alloc(0),
    })
  })

  test('takes no bytes for a cancelled read, and leaves no listener', async () => {
    const { input, reader } = stream('abc')
    for (const begin of [
      (signal: AbortSignal) => reader.readExactly(5, { signal }),
      (signal: AbortSignal) => reader.readUntil('e', { signal }),
      (signal: AbortSignal) => reader.readLine({ signal }),
    ]) {
      const controller = new AbortController()
      const read = begin(controller.signal)
      controller.abort('enough')
      await expect(read).rejects.toBe('enough')
      await expect(begin(controller.signal)).rejects.toBe('enough')
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    }
    const { signal } = new AbortController()
    const whole = reader.readExactly(5, { signal })
    void input.push(Buffer.from('de'))
    expect([String(await whole), getEventListeners(signal, 'abort')]).toEqual(['abcde', []])
  })

  test('rejects for a unit beyond maxBytes, and takes no bytes', async () => {
    const { input, reader } = stream('12345')
    await expect(reader.readUntil(';', { maxBytes: 4 })).rejects.toBeInstanceOf(LineTooLongError)
    const whole = reader.readUntil(';', { maxBytes: 5 })
    void input.push(Buffer.from(';'))
    expect(String(await whole)).toBe('12345')
    void input.push(Buffer.alloc(65_537))
    await expect(reader.readLine()).rejects.toMatchObject({ limitBytes: 65_536 })
  })

  test('keeps the rest of the input after an early exit of a loop', async () => {
    const { input, reader } = stream('a')
    for await (const data of reader) {
      expect(String(data)).toBe('a')
      break
    }
    void input.push(Buffer.from('bc'))
    expect(String(await reader.readExactly(1))).toBe('b')
    expect(String(reader.takeUnread())).toBe('c')
  })

  test('refuses invalid counts and an empty delimiter', async () => {
    const { reader } = stream('a')
    for (const count of [-1, 0.5, NaN, Infinity])
      await expect(reader.readExactly(count)).rejects.toBeInstanceOf(RangeError)
    await expect(reader.readUntil('')).rejects.toBeInstanceOf(RangeError)
    expect(await reader.readExactly(0)).toHaveLength(0)
  })
})

const piece = {
  take: (queue: { takeUpTo(limit: number): Buffer | undefined }): Buffer | undefined => queue.takeUpTo(2),
  atEnd: (): undefined => undefined,
}
const bytes = (text: string): Buffer => Buffer.from(text)

describe('StreamInput', () => {
  test('lets the next delivery wait from its bound on, until enough was read', async () => {
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

  test('accepts more bytes than its bound for a read that needs them', async () => {
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

  test('returns the remaining bytes before its end, and before its failure', async () => {
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

  test('drops bytes pushed after its end, and admits a delivery that waits', async () => {
    const input = new StreamInput({ maxBufferedBytes: 1 })
    const admitted = input.push(bytes('a'))
    input.end()
    await admitted
    expect(input.push(bytes('b'))).toBeUndefined()
    expect(String(input.takeAll())).toBe('a')
  })

  test('refuses a read while another is pending, also right after bytes were pushed for that one', async () => {
    const input = new StreamInput({ maxBufferedBytes: 9 })
    const first = input.read(piece, {})
    await expect(input.read(piece, {})).rejects.toBeInstanceOf(LocalProtocolError)
    void input.push(bytes('abcd'))
    await expect(input.read(piece, {})).rejects.toBeInstanceOf(LocalProtocolError)
    expect(String(await first)).toBe('ab')
    expect(String(await input.read(piece, {}))).toBe('cd')
  })

  test('admits a delivery that waits after takeAll', async () => {
    const input = new StreamInput({ maxBufferedBytes: 1 })
    const admitted = input.push(bytes('ab'))
    expect(String(input.takeAll())).toBe('ab')
    await expect(admitted).resolves.toBeUndefined()
  })

  test('rejects a read when its signal aborts, and keeps the bytes received so far', async () => {
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
