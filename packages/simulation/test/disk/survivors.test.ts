import { describe, expect, test } from 'vitest'
import type { DiskOrder } from '../../src/disk/disk-conditions.ts'
import { type Change, FileContent } from '../../src/disk/file-content.ts'
import { survivors } from '../../src/disk/survivors.ts'
import { Random } from '../../src/random.ts'

const ORDERS: readonly DiskOrder[] = ['ordered', 'hostile']

describe('survivors', () => {
  const after = (order: DiskOrder, before: string, changes: readonly Change[]): readonly string[] =>
    Array.from({ length: 400 }, (_, seed) =>
      survivors(new FileContent(Buffer.from(before)), changes, new Random(String(seed)), order)
        .copy()
        .toString(),
    )
  const write = (at: number, data: string): Change => ({ type: 'write', at, data: Buffer.from(data) })

  test.each(ORDERS)('%s: without unsynced changes, the content stays', (order) => {
    expect(new Set(after(order, 'safe', []))).toEqual(new Set(['safe']))
  })

  test('ordered: of new bytes at the end, whole sectors from the first one survive, or all', () => {
    const found = new Set(after('ordered', 'a'.repeat(100), [write(100, 'b'.repeat(1600))]))
    const all = 'a'.repeat(100) + 'b'.repeat(1600)
    expect(found).toEqual(new Set([100, 512, 1024, 1536, 1700].map((length) => all.slice(0, length))))
  })

  test('ordered: appends survive in their order', () => {
    const appends = [write(0, 'a'), write(1, 'b'), write(2, 'c')]
    expect([...new Set(after('ordered', '', appends))].toSorted()).toEqual(['', 'a', 'ab', 'abc'])
  })

  test.each(ORDERS)('%s: overwritten bytes survive in any subset of sectors', (order) => {
    const found = after(order, 'a'.repeat(1536), [write(0, 'b'.repeat(1536))])
    const sectors = new Set(
      found.map((content) => [0, 512, 1024].map((at) => content.slice(at, at + 512)).join('|')),
    )
    expect(sectors.size).toBe(8)
    for (const content of found)
      for (const at of [0, 512, 1024]) expect(content.slice(at, at + 512)).toMatch(/^(?:a{512}|b{512})$/)
  })

  test('ordered: a file that is written anew is the old one, empty, or a beginning of the new one', () => {
    const changes: readonly Change[] = [{ type: 'truncate', length: 0 }, write(0, 'b'.repeat(600))]
    const lengths = new Set(
      after('ordered', 'a'.repeat(900), changes).map((content) => {
        expect(content).toMatch(/^(?:a{900}|b*)$/)
        return content.length
      }),
    )
    expect([...lengths].toSorted((one, other) => one - other)).toEqual([0, 512, 600, 900])
  })

  test('hostile: the length may be there before the bytes, and sectors without those before them', () => {
    const found = after('hostile', '', [write(0, 'b'.repeat(512)), write(512, 'c'.repeat(512))])
    expect(found).toContain('\0'.repeat(1024))
    expect(found).toContain('\0'.repeat(512) + 'c'.repeat(512))
  })

  test.each(ORDERS)('%s: a cut may be lost, and with it the write after it', (order) => {
    const changes: readonly Change[] = [{ type: 'truncate', length: 2 }, write(2, 'xy')]
    const found = new Set(after(order, 'abcd', changes))
    expect(found.has('abcd')).toBe(true)
    expect(found.has('ab')).toBe(true)
    expect(found.has('abxy')).toBe(true)
  })

  test.each(ORDERS)('%s: bytes beyond a cut never come back when the file grows again', (order) => {
    const changes: readonly Change[] = [
      { type: 'truncate', length: 1 },
      { type: 'truncate', length: 4 },
    ]
    expect([...new Set(after(order, 'abcd', changes))].toSorted()).toEqual(['a', 'a\0\0\0', 'abcd'])
  })
})
