import { describe, expect, test } from 'vitest'
import { formatViolations, lineAt } from '../../src/reading/violation.ts'

describe('formatViolations', () => {
  test('writes each on a line, with what to do', () => {
    const one = { path: 'a.ts', line: 3, what: 'uses any', remedy: 'use unknown' }
    const two = { path: 'b.ts', line: 1, what: 'is long', remedy: 'cut it' }
    expect(formatViolations([one, two])).toBe('a.ts:3 uses any — use unknown\nb.ts:1 is long — cut it')
  })

  test('is empty when there is nothing to tell', () => {
    expect(formatViolations([])).toBe('')
  })
})

describe('lineAt', () => {
  test('counts lines from 1, a line break belonging to the line it ends', () => {
    expect([0, 1, 2, 3].map((offset) => lineAt('a\nb\n', offset))).toEqual([1, 1, 2, 2])
  })
})
