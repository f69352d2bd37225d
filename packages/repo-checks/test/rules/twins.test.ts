import { describe, expect, test } from 'vitest'
import { twins } from '../../src/rules/twins.ts'
import { violationsOf } from '../violations-of.ts'

describe('twins', () => {
  test('finds a source whose test is missing, or lies elsewhere', () => {
    const found = violationsOf(twins, {
      'packages/core/src/bytes/a.ts': 'export const a = 1',
      'packages/core/test/a.test.ts': '',
    })
    expect(found).toEqual(['packages/core/src/bytes/a.ts:1 has no test of its own'])
  })

  test('finds values beside types', () => {
    const path = 'packages/core/src/interfaces/a.ts'
    expect(violationsOf(twins, { [path]: 'export interface A {}\nexport const a = 1' })).toHaveLength(1)
  })

  test('accepts a source with its twin, entries, and files of types alone', () => {
    const found = violationsOf(twins, {
      'packages/core/src/bytes/a.ts': 'export const a = 1',
      'packages/core/test/bytes/a.test.ts': '',
      'packages/core/src/index.ts': "export { a } from './bytes/a.ts'",
      'packages/core/src/interfaces/a.ts':
        "import type { B } from './b.ts'\nexport interface A {}\ntype C = B\nexport type { C }",
    })
    expect(found).toEqual([])
  })
})
