import { describe, expect, test } from 'vitest'
import { entries } from '../../src/rules/entries.ts'
import { violationsOf } from '../violations-of.ts'

describe('entries', () => {
  test.each([
    "export * from './a.ts'",
    "import { a } from './a.ts'",
    'export const a = 1',
    'export type A = string',
    'start()',
  ])('finds %s in an entry', (text) => {
    const path = 'packages/core/src/testing.ts'
    expect(violationsOf(entries, { [path]: `\n${text}` })).toEqual([
      `${path}:2 an entry holds more than a named re-export`,
    ])
  })

  test('finds a second index.ts', () => {
    const path = 'packages/core/src/bytes/index.ts'
    expect(violationsOf(entries, { [path]: "export { a } from './a.ts'" })).toEqual([
      `${path}:1 is a second index.ts`,
    ])
  })

  test('accepts named re-exports, and anything in files that are no entry', () => {
    const found = violationsOf(entries, {
      'packages/core/src/index.ts':
        "// Why.\nexport { a, type B } from './a.ts'\nexport type { C } from './c.ts'",
      'packages/core/src/a.ts': 'export const a = 1',
    })
    expect(found).toEqual([])
  })
})
