import { describe, expect, test } from 'vitest'
import { importsOf } from '../../src/reading/imports.ts'
import { Source } from '../../src/reading/source.ts'

describe('importsOf', () => {
  test.each([
    ["import { a } from './a.ts'", './a.ts'],
    ["import './a.ts'", './a.ts'],
    ["import type { A } from './a.ts'", './a.ts'],
    ["export { a } from './a.ts'", './a.ts'],
    ["export type { A } from './a.ts'", './a.ts'],
    ["export * from './a.ts'", './a.ts'],
    ["const a = await import('node:net')", 'node:net'],
    ["type A = import('@ropewalk/core').A", '@ropewalk/core'],
  ])('sees %s', (text, specifier) => {
    expect(importsOf(new Source('b.ts', text)).map((found) => found.specifier)).toEqual([specifier])
  })

  test('sees nothing in exports of its own, nor in texts that look like imports', () => {
    expect(importsOf(new Source('b.ts', 'export const a = "import { b } from \'./b.ts\'"'))).toEqual([])
  })

  test('resolves relative specifiers against the file, and leaves others', () => {
    const source = new Source('packages/core/src/node/b.ts', "import '../errors.ts'\nimport '@ropewalk/http'")
    expect(importsOf(source).map(({ path }) => path)).toEqual(['packages/core/src/errors.ts', undefined])
  })

  test('names what is imported as the other module calls it', () => {
    const source = new Source(
      'b.ts',
      "import { a as x, type B } from './a.ts'\nimport * as all from './c.ts'",
    )
    expect(importsOf(source).map(({ names }) => names)).toEqual([['a', 'B'], []])
  })
})
