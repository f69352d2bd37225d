import { describe, expect, test } from 'vitest'
import { importCycles } from '../../src/rules/import-cycles.ts'
import { violationsOf } from '../violations-of.ts'

describe('importCycles', () => {
  test('tells a circle of three once, type-only imports included', () => {
    const found = violationsOf(importCycles, {
      'packages/core/src/node/c.ts': "import './a.ts'",
      'packages/core/src/node/b.ts': "import type { C } from './c.ts'",
      'packages/core/src/node/a.ts': "import { b } from './b.ts'",
    })
    const [a, b, c] = ['a', 'b', 'c'].map((name) => `packages/core/src/node/${name}.ts`)
    expect(found).toEqual([`${a}:1 is in a cycle: ${a} → ${b} → ${c} → ${a}`])
  })

  test('finds a file that imports itself', () => {
    const path = 'packages/core/src/a.ts'
    expect(violationsOf(importCycles, { [path]: "import './a.ts'" })).toHaveLength(1)
  })

  test('accepts two ways to one file', () => {
    const found = violationsOf(importCycles, {
      'packages/core/src/a.ts': "import './b.ts'\nimport './c.ts'",
      'packages/core/src/b.ts': "import './d.ts'",
      'packages/core/src/c.ts': "import './d.ts'",
      'packages/core/src/d.ts': '',
    })
    expect(found).toEqual([])
  })

  test('lets interfaces name each other, but not what lies outside', () => {
    const interfaces = {
      'packages/core/src/interfaces/a.ts': "import type { B } from './b.ts'",
      'packages/core/src/interfaces/b.ts': "import type { A } from './a.ts'",
    }
    expect(violationsOf(importCycles, interfaces)).toEqual([])
    const outside = {
      'packages/core/src/interfaces/a.ts': "import type { B } from '../errors.ts'",
      'packages/core/src/errors.ts': "import type { A } from './interfaces/a.ts'",
    }
    expect(violationsOf(importCycles, outside)).toHaveLength(1)
  })
})
