import { describe, expect, test } from 'vitest'
import { descriptorLimit, parseLimit } from '../../src/node/descriptor-limit.ts'

describe('descriptorLimit', () => {
  test('is what the system grants, or a careful guess', () => {
    expect(descriptorLimit()).toBeGreaterThanOrEqual(256)
    expect(descriptorLimit('/no/such/file')).toBeGreaterThanOrEqual(10_240)
  })

  test('reads the soft limit of Linux', () => {
    const limits =
      'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\n'
    expect(parseLimit(limits)).toBe(1024)
    expect(parseLimit(limits.replace('1024', 'unlimited'))).toBe(Infinity)
    expect(parseLimit('nothing')).toBeUndefined()
  })
})
