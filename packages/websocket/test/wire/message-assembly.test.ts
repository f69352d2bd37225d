import { describe, expect, test } from 'vitest'
import { MessageAssembly } from '../../src/wire/message-assembly.ts'

const LIMITS = { maxMessageBytes: 1 << 20, maxFrameBytes: Infinity }

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

  test('refuses text that ends within a character', () => {
    const assembly = new MessageAssembly('text', LIMITS)
    assembly.add(Buffer.of(0xe2, 0x82))
    expect(() => assembly.finish()).toThrow('not UTF-8')
  })
})
