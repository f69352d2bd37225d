import { describe, expect, test } from 'vitest'
import { manifests } from '../../src/rules/manifests.ts'
import { violationsOf } from '../violations-of.ts'

const exported = { exports: { '.': './src/index.ts' }, publishConfig: { exports: { '.': {} } } }

describe('manifests', () => {
  test.each([
    ['core', 'dependencies', '@ropewalk/http'],
    ['http', 'dependencies', '@ropewalk/websocket'],
    ['http', 'peerDependencies', 'undici'],
    ['websocket', 'optionalDependencies', 'bufferutil'],
  ])('finds that %s has in its %s %s', (name, field, dependency) => {
    expect(found(name, { ...exported, [field]: { [dependency]: '1' } })).toEqual([
      `packages/${name}/package.json:11 depends on ${dependency}`,
    ])
  })

  test('finds exports that only the workspace has, or only the registry', () => {
    const uneven = { exports: { '.': './src/index.ts' }, publishConfig: { exports: { './bytes': {} } } }
    expect(found('core', uneven)).toEqual([
      'packages/core/package.json:3 exports . on one side only',
      'packages/core/package.json:7 exports ./bytes on one side only',
    ])
  })

  test('finds an export whose file is not there', () => {
    const lost = { exports: { './b': './src/b.ts' }, publishConfig: { exports: { './b': {} } } }
    expect(found('core', lost)).toEqual([
      'packages/core/package.json:3 exports ./src/b.ts, which is not there',
    ])
  })

  test('accepts packages that depend on each other, and development dependencies', () => {
    const dependencies = { '@ropewalk/core': 'workspace:^', '@ropewalk/http': 'workspace:^' }
    expect(found('websocket', { ...exported, dependencies, devDependencies: { ws: '8' } })).toEqual([])
  })
})

function found(name: string, manifest: object): readonly string[] {
  return violationsOf(manifests, {
    [`packages/${name}/package.json`]: JSON.stringify(manifest, undefined, 2),
    [`packages/${name}/src/index.ts`]: '',
  })
}
