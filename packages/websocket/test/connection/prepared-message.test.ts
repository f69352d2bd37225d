import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { MessageReader } from '../../src/codec/message-reader.ts'
import { DEFAULT_WEBSOCKET_LIMITS } from '../../src/codec/limits.ts'
import { ByteQueue } from '@ropewalk/core/bytes'
import { PreparedBatch, prepareMessage } from '../../src/connection/prepared-message.ts'
import { type FrameVariant, PLAIN } from '../../src/deflate/frame-variant.ts'
import { serverFrame } from '../websocket-exchange.ts'
import { Client } from '../topics/clients.ts'

/** Compresses badly, to four bytes, and not at all what begins with !. */
function variant(key: string, made: string[]): FrameVariant {
  return {
    key,
    deflate: (data) => {
      made.push(key)
      return data[0] === 0x21 ? undefined : Buffer.from(`<${key}>`)
    },
  }
}

describe('prepareMessage', () => {
  test('frames text as UTF-8, and bytes of every length class', () => {
    expect(prepareMessage('é').frames(PLAIN).bytes).toEqual(serverFrame(1, 'é'))
    expect(prepareMessage('\ud800').data).toEqual(Buffer.from('\ufffd'))
    for (const length of [0, 125, 126, 65_535, 65_536]) {
      const reader = new MessageReader({ role: 'client', limits: DEFAULT_WEBSOCKET_LIMITS })
      const input = new ByteQueue()
      const data = Buffer.alloc(length, 7)
      input.push(prepareMessage(data).frames(PLAIN).bytes)
      expect(reader.next(input)).toEqual({ type: 'bytes', data })
      expect(input.length).toBe(0)
    }
  })

  test('shares the memory of the bytes that it is given, whatever their type', () => {
    const bytes = Uint8Array.of(1, 2, 3).subarray(1)
    expect(prepareMessage(bytes).data).toEqual(Buffer.of(2, 3))
    expect(prepareMessage(bytes).data.buffer).toBe(bytes.buffer)
  })

  test('refuses everything else', () => {
    for (const wrong of [1, undefined, [1], new ArrayBuffer(1)])
      expect(() => prepareMessage(wrong as never)).toThrow(TypeError)
    expect(() => prepareMessage('a', { compress: 1 as never })).toThrow(TypeError)
    expect(() => prepareMessage('a', { compressed: true } as never)).toThrow('did you mean compress?')
  })
})

describe('PreparedMessage', () => {
  test('makes the frame of each variant once', () => {
    const made: string[] = []
    const message = prepareMessage('hello')
    const variants = ['a', 'b', 'c'].map((key) => variant(key, made))
    const first = variants.map((one) => message.frames(one).bytes)
    for (const [at, one] of variants.entries()) expect(message.frames({ ...one }).bytes).toBe(first[at])
    expect(message.frames(PLAIN).bytes).toEqual(serverFrame(1, 'hello'))
    expect(made).toEqual(['a', 'b', 'c'])
    expect(first[1]).toEqual(Buffer.of(0xc1, 3, ...Buffer.from('<b>')))
  })

  test('is sent as it is where its variant does not deflate it', () => {
    expect(prepareMessage('!a').frames(variant('v', [])).bytes).toEqual(serverFrame(1, '!a'))
  })

  test('in a batch, makes all frames of a variant once, in order', () => {
    const made: string[] = []
    const batch = new PreparedBatch([prepareMessage('!1'), prepareMessage(Buffer.of(2))])
    const frames = batch.frames(variant('v', made)).bytes
    expect(frames).toEqual(Buffer.concat([serverFrame(1, '!1'), Buffer.of(0xc2, 3, ...Buffer.from('<v>'))]))
    expect(batch.frames(variant('v', made)).bytes).toBe(frames)
    expect(made).toEqual(['v', 'v'])
  })
})

describe('sendPrepared', () => {
  test('sends the same bytes to each client of a server', () => {
    const reactor = new MemoryReactor()
    const message = prepareMessage('to all')
    for (const client of [new Client(reactor), new Client(reactor)]) {
      expect(client.transport.sendPrepared(message)).toBe('sent')
      expect(client.bytes()).toEqual(serverFrame(1, 'to all'))
      client.block()
      expect(client.transport.sendPrepared(prepareMessage(Buffer.alloc(70_000)))).toBe('queued')
      client.transport.abortConnection()
      expect(client.transport.sendPrepared(message)).toBe('dropped')
    }
  })

  test('masks each frame of a client with a key of its own', () => {
    const client = new Client(new MemoryReactor(), { role: 'client' })
    const message = prepareMessage('mask')
    client.transport.sendPrepared(message)
    client.transport.sendPrepared(new PreparedBatch([message, message]))
    const bytes = client.bytes()
    expect(bytes.length).toBe(3 * 10)
    const keys = [2, 12, 22].map((at) => bytes.toString('hex', at, at + 4))
    expect(new Set(keys).size).toBe(3)
    const reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS })
    const input = new ByteQueue()
    input.push(bytes)
    for (const _ of keys) expect(reader.next(input)).toEqual({ type: 'text', text: 'mask' })
    expect(message.data.toString()).toBe('mask')
  })

  test('accepts only prepared messages', () => {
    const { transport } = new Client(new MemoryReactor())
    expect(() => transport.sendPrepared('text' as never)).toThrow(
      'Cannot take prepared "text" for sendPrepared: give a PreparedMessage, from prepareMessage',
    )
  })
})
