import { describe, expect, test } from 'vitest'
import { WebSocketError } from '../../src/errors.ts'
import { MessageAssembly } from '../../src/codec/message-assembly.ts'

const MIB = 1 << 20
const LIMITS = { maxMessageBytes: MIB, maxFrameBytes: Infinity }

describe('MessageAssembly', () => {
  test('joins small and large pieces in order', () => {
    const assembly = new MessageAssembly('bytes', LIMITS)
    const pieces = [1, 3, 5000, 2, 600, 600, 4096, 1].map((length, at) => Buffer.alloc(length, at + 1))
    for (const piece of pieces) assembly.add(piece)
    expect(assembly.finish()).toEqual(Buffer.concat(pieces))
  })

  test('answers a lone large piece without copying, and nothing as no bytes', () => {
    const piece = Buffer.alloc(5000)
    const assembly = new MessageAssembly('bytes', LIMITS)
    assembly.add(piece)
    expect(assembly.finish()).toBe(piece)
    expect(new MessageAssembly('text', LIMITS).finish().length).toBe(0)
  })

  test('refuses text at the first byte that cannot stand, and bytes never', () => {
    const text = new MessageAssembly('text', LIMITS)
    text.add(Buffer.of(0x61, 0xf4))
    expect(() => text.add(Buffer.of(0x90))).toThrow(new WebSocketError('invalid-utf8', NOT_UTF8))
    const bytes = new MessageAssembly('bytes', LIMITS)
    bytes.add(Buffer.of(0x61, 0xf4, 0x90))
    expect(bytes.finish()).toEqual(Buffer.of(0x61, 0xf4, 0x90))
  })

  test('refuses the fragment that crosses the limit, before its bytes', () => {
    const assembly = new MessageAssembly('bytes', { ...LIMITS, maxMessageBytes: 10 })
    assembly.fragmentBegins(6)
    assembly.add(Buffer.alloc(6))
    assembly.fragmentBegins(4)
    assembly.add(Buffer.alloc(4))
    assembly.fragmentBegins(0)
    expect(() => assembly.fragmentBegins(1)).toThrow(
      new WebSocketError('message-too-large', 'Cannot take a message of more than 10 bytes'),
    )
  })

  test('charges each fragment 64 bytes against twice the limit', () => {
    const assembly = new MessageAssembly('bytes', LIMITS)
    const fragments = (2 * MIB) / 64
    for (let count = 0; count < fragments; count++) assembly.fragmentBegins(0)
    expect(() => assembly.fragmentBegins(0)).toThrow(
      new WebSocketError('too-many-fragments', `Cannot take a message of ${fragments + 1} fragments`),
    )
  })

  test('allows 2048 fragments under the smallest limit, and any number under none', () => {
    const small = new MessageAssembly('bytes', { ...LIMITS, maxMessageBytes: 1 })
    for (let count = 0; count < 2048; count++) small.fragmentBegins(0)
    expect(() => small.fragmentBegins(0)).toThrow(WebSocketError)
    const unlimited = new MessageAssembly('bytes', { ...LIMITS, maxMessageBytes: Infinity })
    for (let count = 0; count < 100_000; count++) unlimited.fragmentBegins(64)
    expect(unlimited.finish().length).toBe(0)
  })
})

describe('MessageAssembly: memory (CVE-2026-48779, CVE-2026-12151, ws #153)', () => {
  test('a message in tiny pieces takes little more than its bytes, in few stores', () => {
    const assembly = new MessageAssembly('text', LIMITS)
    for (let count = 0; count < MIB; count++) assembly.add(Buffer.of(0x78))
    expect(assembly.stores.size).toBeLessThan(30)
    expect(storedBytes(assembly)).toBeLessThan(1.2 * MIB)
    expect(assembly.finish().equals(Buffer.alloc(MIB, 'x'))).toBe(true)
  })

  test('pieces of any one length take less than four times their bytes', () => {
    for (const length of [63, 500, 2047, 4095, 4096, 4097, 16_383, 16_384, 65_536]) {
      const assembly = new MessageAssembly('bytes', LIMITS)
      for (let bytes = 0; bytes < MIB / 4; bytes += length) {
        // As a slice of what one read can bring: kept by reference, it keeps all of that.
        assembly.add(Buffer.alloc(65_536).subarray(0, length))
      }
      expect(storedBytes(assembly), `${length}`).toBeLessThanOrEqual(MIB)
    }
  })

  test('one short piece of a message takes 512 bytes', () => {
    const assembly = new MessageAssembly('bytes', LIMITS)
    assembly.add(Buffer.alloc(65_536).subarray(0, 10))
    expect(storedBytes(assembly)).toBe(512)
  })
})

function storedBytes(assembly: MessageAssembly): number {
  return [...assembly.stores].reduce((sum, store) => sum + store.byteLength, 0)
}

const NOT_UTF8 = 'Cannot go on with text that is not UTF-8'
