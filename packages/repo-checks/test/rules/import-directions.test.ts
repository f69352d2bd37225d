import { describe, expect, test } from 'vitest'
import { importDirections } from '../../src/rules/import-directions.ts'
import { violationsOf } from '../violations-of.ts'

describe('importDirections', () => {
  test.each([
    ["import { reactor } from '../node/default-reactor.ts'", 'core/protocol imports core/node'],
    ["import type { Reactor } from '../node/node-reactor.ts'", 'core/protocol imports core/node'],
    ["import { Factory } from '../index.ts'", 'core/protocol imports @ropewalk/core'],
    ["import { Site } from '@ropewalk/http'", 'core/protocol imports @ropewalk/http'],
    ["import assert from 'assert'", 'core/protocol imports assert'],
  ])('finds %s in core/protocol', (text, what) => {
    const path = 'packages/core/src/protocol/protocol.ts'
    expect(violationsOf(importDirections, { [path]: `\n${text}` })).toEqual([`${path}:2 ${what}`])
  })

  test('finds a source that reaches into its tests, a test into another package, an example into a package', () => {
    const found = violationsOf(importDirections, {
      'packages/http/src/server/a.ts': "import '../a.ts'",
      'packages/http/test/a.test.ts': "import '../../core/src/index.ts'",
      'examples/a.ts': "import '../packages/core/src/index.ts'",
    })
    expect(found).toEqual([
      'packages/http/src/server/a.ts:1 reaches into ../../test/a.ts',
      'packages/http/test/a.test.ts:1 reaches into ../../core/src/index.ts',
      'examples/a.ts:1 reaches into ../packages/core/src/index.ts',
    ])
  })

  test('finds a file that the map of rooms does not know', () => {
    const path = 'packages/core/src/stray/a.ts'
    expect(violationsOf(importDirections, { [path]: '' })).toEqual([
      `${path}:1 is in a room without a line in the map`,
    ])
  })

  test('accepts imports along the arrows', () => {
    const found = violationsOf(importDirections, {
      'packages/core/src/index.ts': "export { Protocol } from './protocol/protocol.ts'",
      'packages/core/src/protocol/protocol.ts': "import { NotConnectedError } from '../errors.ts'",
      'packages/http/src/server/a.ts': "import { Protocol } from '@ropewalk/core'\nimport './b.ts'",
      'packages/http/test/server/a.test.ts':
        "import { Clock } from '@ropewalk/core/testing'\nimport '../../src/server/a.ts'",
      'examples/a.ts': "import { reactor } from '@ropewalk/core'",
    })
    expect(found).toEqual([])
  })
})
