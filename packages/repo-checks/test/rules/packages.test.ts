import { describe, expect, test } from 'vitest'
import { entries, manifests } from '../../src/rules/packages.ts'
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
    expect(violationsOf(entries, { [path]: `\n${text}` })).toEqual([`${path}:2 is not a named re-export`])
  })

  test('finds a second index.ts', () => {
    const path = 'packages/core/src/bytes/index.ts'
    expect(violationsOf(entries, { [path]: "export { a } from './a.ts'" })).toEqual([
      `${path}:1 is a second index.ts`,
    ])
  })

  test('accepts named re-exports, and anything in files that are not entries', () => {
    const found = violationsOf(entries, {
      'packages/core/src/index.ts':
        "// Why.\nexport { a, type B } from './a.ts'\nexport type { C } from './c.ts'",
      'packages/core/src/a.ts': 'export const a = 1',
    })
    expect(found).toEqual([])
  })
})

const exported = { exports: { '.': './src/index.ts' }, publishConfig: { exports: { '.': {} } } }

describe('manifests', () => {
  test.each([
    ['core', 'dependencies', '@ropewalk/http'],
    ['http', 'dependencies', '@ropewalk/websocket'],
    ['http', 'peerDependencies', 'undici'],
    ['websocket', 'optionalDependencies', 'bufferutil'],
  ])('finds that %s has in its %s %s', (name, field, dependency) => {
    expect(violationsIn(name, { ...exported, [field]: { [dependency]: '1' } })).toEqual([
      `packages/${name}/package.json:11 depends on ${dependency}`,
    ])
  })

  test('finds exports of the workspace or of the registry alone', () => {
    const uneven = { exports: { '.': './src/index.ts' }, publishConfig: { exports: { './bytes': {} } } }
    expect(violationsIn('core', uneven)).toEqual([
      'packages/core/package.json:3 exports . on one side only',
      'packages/core/package.json:7 exports ./bytes on one side only',
    ])
  })

  test('accepts the table of media types for http, and for no other package', () => {
    const manifest = { ...exported, dependencies: { mime: '4.1.2' } }
    expect(violationsIn('http', manifest)).toEqual([])
    expect(violationsIn('core', manifest)).toEqual(['packages/core/package.json:11 depends on mime'])
  })

  test('accepts packages that depend on each other, and development dependencies', () => {
    const dependencies = { '@ropewalk/core': 'workspace:^', '@ropewalk/http': 'workspace:^' }
    expect(violationsIn('websocket', { ...exported, dependencies, devDependencies: { ws: '8' } })).toEqual([])
  })
})

function violationsIn(name: string, manifest: object): readonly string[] {
  return violationsOf(manifests, {
    [`packages/${name}/package.json`]: JSON.stringify(manifest, undefined, 2),
    [`packages/${name}/src/index.ts`]: '',
  })
}
