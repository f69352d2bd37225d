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
      'packages/http/src/server/a.ts': "import '../../test/a.ts'",
      'packages/http/test/a.test.ts': "import '../../core/src/index.ts'",
      'examples/a.ts': "import '../packages/core/src/index.ts'",
    })
    expect(found).toEqual([
      'packages/http/src/server/a.ts:1 reaches into ../../test/a.ts',
      'packages/http/test/a.test.ts:1 reaches into ../../core/src/index.ts',
      'examples/a.ts:1 reaches into ../packages/core/src/index.ts',
    ])
  })

  test.each(['core/src/stray.ts', 'core/src/stray/a.ts', 'websocket/src/stray/a.ts', 'stray/src/index.ts'])(
    'finds %s, which the map of imports lacks',
    (name) => {
      const path = `packages/${name}`
      expect(violationsOf(importDirections, { [path]: '' })).toEqual([
        `${path}:1 is in a folder that the map of imports lacks`,
      ])
    },
  )

  test.each([
    ['core/src/node/a.ts', '../testing/b.ts', 'core/node imports core/testing'],
    ['core/src/testing/a.ts', '../node/b.ts', 'core/testing imports core/node'],
    ['core/src/transport/a.ts', '../protocol/b.ts', 'core/transport imports core/protocol'],
    ['http/src/codec/a.ts', '@ropewalk/core', 'http/codec imports @ropewalk/core'],
    ['http/src/server/a.ts', '../site/b.ts', 'http/server imports http/site'],
    ['http/src/server/a.ts', '@ropewalk/core/testing', 'http/server imports @ropewalk/core/testing'],
    ['websocket/src/codec/a.ts', '../handshake/b.ts', 'websocket/codec imports websocket/handshake'],
  ])('finds in %s an import of %s', (name, specifier, what) => {
    const path = `packages/${name}`
    const forms = [
      `import { b } from '${specifier}'`,
      `import type { B } from '${specifier}'`,
      `export { b } from '${specifier}'`,
      `export * from '${specifier}'`,
      `const b = await import('${specifier}')`,
      `type B = import('${specifier}').B`,
    ]
    expect(violationsOf(importDirections, { [path]: forms.join('\n') })).toEqual(
      forms.map((_, line) => `${path}:${line + 1} ${what}`),
    )
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
