import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { codeAtOnce, type CodingName, hasCoding, makeCoder } from '../../src/response/coders.ts'

const LEVELS = { gzipLevel: 6, brotliQuality: 4, zstdLevel: 3 }
const DECODE = { gzip: gunzipSync, br: brotliDecompressSync }

describe.each(['gzip', 'br'] as const)('%s', (name) => {
  test('codes a whole body, empty or not', () => {
    for (const text of ['', 'x', 'ab'.repeat(10_000)]) {
      expect(DECODE[name](codeAtOnce(name, text, LEVELS)).toString()).toBe(text)
    }
  })

  test('gives out each piece before the next one is written', async () => {
    const coder = makeCoder(name, LEVELS)
    const coded: Buffer[] = []
    coder.on('data', (piece: Buffer) => coded.push(piece))
    for (const piece of ['one', 'two', 'three']) {
      const before = coded.length
      await new Promise((resolve) => coder.write(piece, resolve))
      await expect.poll(() => coded.length).toBeGreaterThan(before)
    }
    await new Promise<void>((resolve) => {
      coder.on('end', resolve)
      coder.end()
    })
    expect(DECODE[name](Buffer.concat(coded)).toString()).toBe('onetwothree')
  })
})

test('hasCoding knows what this Node has', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  expect(['gzip', 'br'].every((name) => hasCoding(name as CodingName))).toBe(true)
  expect(hasCoding('zstd')).toBe(major >= 24 || (major === 22 && minor >= 15) || (major === 23 && minor >= 8))
  if (!hasCoding('zstd')) expect(() => codeAtOnce('zstd', 'x', LEVELS)).toThrow('does not have it')
})
