import { describe, expect, it } from 'vitest'
import { tooMany } from '../src/curves/curve.ts'
import { limitIn } from '../src/open-files.ts'

describe('limitIn', () => {
  it('reads the soft limit', () => {
    const text =
      'Max processes             1000  1000  processes\nMax open files            20000                524288               files     \n'
    expect(limitIn(text)).toBe(20_000)
  })
  it('is without bound for unlimited, and throws for other text', () => {
    expect(limitIn('Max open files            unlimited            unlimited            files')).toBe(
      Infinity,
    )
    expect(() => limitIn('nothing')).toThrow('Cannot read the limit of open files')
  })
})

describe('tooMany', () => {
  it('leaves some descriptors for other files', () => {
    expect(tooMany(10_000, 10_200)).toBeUndefined()
    expect(tooMany(10_000, 10_199)).toContain('10 000 connections are left out')
  })
})
