import { describe, expect, test } from 'vitest'
import { NODE_PLATFORM } from '../../src/connection/node-platform.ts'
import { WebSocketError } from '../../src/errors.ts'
import { MessageAssembly, type MessageKind } from '../../src/codec/message-assembly.ts'
import { mask, turnKey } from '../../src/codec/mask.ts'
import { MessageSize } from '../../src/codec/message-size.ts'

const MIB = 1 << 20

describe('MessageAssembly', () => {
  test('joins small and large pieces in order', () => {
    const assembly = assemblyOf('bytes')
    const pieces = [1, 3, 20_000, 2, 600, 600, 16_384, 1].map((length, at) => Buffer.alloc(length, at + 1))
    const whole = Buffer.concat(pieces)
    for (const piece of pieces) assembly.add(piece, 0, 0)
    expect(assembly.finish()).toEqual(whole)
  })

  test('returns a single large piece without a copy, and an empty Buffer for no pieces', () => {
    const piece = Buffer.alloc(16_384)
    const assembly = assemblyOf('bytes')
    assembly.add(piece, 0, 0)
    expect(assembly.finish()).toBe(piece)
    expect(assemblyOf('text').finish().length).toBe(0)
  })

  test.each(['text', 'bytes'] as const)('unmasks pieces of %s, whether or not the end is known', (kind) => {
    const whole = Buffer.alloc(150_000, 'abcdefg')
    for (const known of [true, false]) {
      for (const cuts of [[10], [600], [5, 10_000], [20_000], [20_000, 20_010, 60_000], [100_000, 149_999]]) {
        const assembly = assemblyOf(kind)
        let at = 0
        for (const end of [...cuts, whole.length]) {
          const piece = Buffer.from(whole.subarray(at, end))
          const key = turnKey(0x04030201, at)
          mask(piece, key)
          assembly.add(piece, key, known ? whole.length - at : 0)
          at = end
        }
        expect(assembly.finish().equals(whole)).toBe(true)
      }
    }
  })

  test('copies a message of two small pieces into memory of its size, if its end is known', () => {
    const assembly = assemblyOf('bytes')
    assembly.add(Buffer.alloc(65_536).subarray(0, 6000), 0, 16_000)
    const [store] = assembly.stores
    assembly.add(Buffer.alloc(65_536).subarray(0, 10_000), 0, 10_000)
    const message = assembly.finish()
    expect(message.length).toBe(16_000)
    expect(message.buffer).toBe(store)
    expect(message.buffer.byteLength).toBe(16_000)
  })

  test('refuses text at its first invalid byte, and accepts any bytes in a binary message', () => {
    const text = assemblyOf('text')
    text.add(Buffer.of(0x61, 0xf4), 0, 0)
    expect(() => text.add(Buffer.of(0x90), 0, 0)).toThrow(new WebSocketError('invalid-utf8', NOT_UTF8))
    const bytes = assemblyOf('bytes')
    bytes.add(Buffer.of(0x61, 0xf4, 0x90), 0, 0)
    expect(bytes.finish()).toEqual(Buffer.of(0x61, 0xf4, 0x90))
  })

  test('refuses text that ends within a character', () => {
    const text = assemblyOf('text')
    text.add(Buffer.of(0x61, 0xc3), 0, 0)
    expect(() => text.finish()).toThrow(new WebSocketError('invalid-utf8', NOT_UTF8))
  })

  test('does not check the pieces of compressed text', () => {
    const text = new MessageAssembly('text', new MessageSize(MIB), true, NODE_PLATFORM)
    text.add(Buffer.of(0xff), 0, 0)
    expect(text.finish()).toEqual(Buffer.of(0xff))
  })

  test('refuses the fragment that exceeds the limit before its bytes arrive', () => {
    const assembly = assemblyOf('bytes', 10)
    assembly.fragmentBegins(6)
    assembly.add(Buffer.alloc(6), 0, 0)
    assembly.fragmentBegins(4)
    assembly.add(Buffer.alloc(4), 0, 0)
    assembly.fragmentBegins(0)
    expect(() => assembly.fragmentBegins(1)).toThrow(
      new WebSocketError('message-too-large', 'Cannot accept a message of more than 10 bytes'),
    )
  })

  test('charges each fragment 64 bytes against twice the limit', () => {
    const assembly = assemblyOf('bytes')
    const fragments = (2 * MIB) / 64
    for (let count = 0; count < fragments; count++) assembly.fragmentBegins(0)
    expect(() => assembly.fragmentBegins(0)).toThrow(
      new WebSocketError('too-many-fragments', `Cannot accept a message of ${fragments + 1} fragments`),
    )
  })

  test('allows 2048 fragments with the smallest limit, and any number without a limit', () => {
    const small = assemblyOf('bytes', 1)
    for (let count = 0; count < 2048; count++) small.fragmentBegins(0)
    expect(() => small.fragmentBegins(0)).toThrow(WebSocketError)
    const unlimited = assemblyOf('bytes', Infinity)
    for (let count = 0; count < 100_000; count++) unlimited.fragmentBegins(64)
    expect(unlimited.finish().length).toBe(0)
  })
})

describe('MessageAssembly: memory (CVE-2026-48779, CVE-2026-12151, ws #153)', () => {
  test('keeps a message of one-byte pieces in few buffers, with less than 20 % overhead', () => {
    const assembly = assemblyOf('text')
    for (let count = 0; count < MIB; count++) assembly.add(Buffer.of(0x78), 0, 0)
    expect(assembly.stores.size).toBeLessThan(30)
    expect(storedBytes(assembly)).toBeLessThan(1.2 * MIB)
    expect(assembly.finish().equals(Buffer.alloc(MIB, 'x'))).toBe(true)
  })

  test('takes at most four times the bytes of the message for pieces of any length', () => {
    for (const length of [63, 500, 2047, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_536]) {
      const assembly = assemblyOf('bytes')
      for (let bytes = 0; bytes < MIB / 4; bytes += length) {
        // A slice of a 64 KiB read. A reference to it keeps the whole 64 KiB alive.
        assembly.add(Buffer.alloc(65_536).subarray(0, length), 0, 0)
      }
      expect(storedBytes(assembly), `${length}`).toBeLessThanOrEqual(MIB)
    }
  })

  test('takes at most four times the bytes received, whatever length the peer has declared', () => {
    for (const length of [1, 14, 500, 4096, 16_000]) {
      const assembly = assemblyOf('bytes')
      let bytes = 0
      while (bytes < 100_000) {
        assembly.add(Buffer.alloc(65_536).subarray(0, length), 0, MIB - bytes)
        bytes += length
        expect(storedBytes(assembly)).toBeLessThanOrEqual(Math.max(4 * bytes, 512))
      }
    }
  })

  test('frees the pieces that it has joined, if they are all of their memory', () => {
    const freed: Uint8Array[] = []
    const platform = { ...NODE_PLATFORM, free: (piece: Uint8Array) => void freed.push(piece) }
    const assembly = new MessageAssembly('bytes', new MessageSize(MIB), false, platform)
    const alone = Buffer.alloc(20_000, 1)
    assembly.add(alone, 0, 0)
    assembly.add(Buffer.alloc(20_001, 2).subarray(0, 20_000), 0, 0)
    expect(freed).toEqual([])
    expect(assembly.finish().length).toBe(40_000)
    expect(freed).toEqual([alone])
  })

  test('does not free a single piece, which is the message', () => {
    const assembly = assemblyOf('bytes')
    assembly.add(Buffer.alloc(20_000, 1), 0, 0)
    expect(assembly.finish().equals(Buffer.alloc(20_000, 1))).toBe(true)
  })

  test('takes 512 bytes for one short piece', () => {
    const assembly = assemblyOf('bytes')
    assembly.add(Buffer.alloc(65_536).subarray(0, 10), 0, 0)
    expect(storedBytes(assembly)).toBe(512)
  })
})

function assemblyOf(kind: MessageKind, maxBytes: number = MIB): MessageAssembly<Buffer> {
  return new MessageAssembly(kind, new MessageSize(maxBytes), false, NODE_PLATFORM)
}

function storedBytes(assembly: MessageAssembly<Buffer>): number {
  return [...assembly.stores].reduce((sum, store) => sum + store.byteLength, 0)
}

const NOT_UTF8 = 'Cannot accept text that is not UTF-8'
