import { describe, expect, test } from 'vitest'
import { syntax } from '../../src/rules/syntax.ts'
import { violationsOf } from '../violations-of.ts'

describe('syntax', () => {
  test('finds a file that is no TypeScript, on the line of the error', () => {
    const [found] = violationsOf(syntax, { 'examples/a.ts': 'const a = 1\nconst = 2' })
    expect(found).toMatch(/^examples\/a\.ts:2 cannot be parsed: /)
  })

  test('accepts TypeScript', () => {
    expect(violationsOf(syntax, { 'examples/a.ts': 'const a: readonly string[] = []' })).toEqual([])
  })
})
