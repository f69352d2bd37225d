import { describe, expect, test } from 'vitest'
import { docReferences } from '../../src/rules/doc-references.ts'
import { violationsOf } from '../violations-of.ts'

const FILES = {
  'packages/http/src/codec/a.ts': 'export const a = 1',
  'packages/http/test/codec/a.test.ts': "test('rows 1, 3 to 5: reads it whole', () => {})",
}

describe('docReferences', () => {
  test('finds files, tests and rows that are not there', () => {
    const found = violationsOf(docReferences, {
      ...FILES,
      'docs/rfc-coverage.md': '| `codec/b.ts` | "reads half" |\n| `codec/a.ts` | rows 1 to 3 |',
      'README.md': '`packages/http/src/c.ts`',
    })
    expect(found).toEqual([
      'docs/rfc-coverage.md:1 refers to codec/b.ts, which is not there',
      'docs/rfc-coverage.md:1 refers to reads half, which is not there',
      'docs/rfc-coverage.md:2 refers to 1 to 3, which is not there',
      'README.md:1 refers to packages/http/src/c.ts, which is not there',
    ])
  })

  test('accepts what is there, with or without the beginning of its path', () => {
    const found = violationsOf(docReferences, {
      ...FILES,
      'docs/rfc-coverage.md': '| `codec/a.ts`, `http/src/codec/a.ts` | `codec/a.test.ts` "reads it" row 4 |',
    })
    expect(found).toEqual([])
  })
})
