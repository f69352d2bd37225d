import { describe, expect, test } from 'vitest'
import { entries, equalVersions, manifests, publishedFields } from '../../src/rules/packages.ts'
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

  test('finds a package that is neither private nor known', () => {
    expect(violationsIn('extra', exported)).toEqual([
      'packages/extra/package.json:1 is published, and no rule knows it',
    ])
    expect(violationsIn('extra', { ...exported, private: true })).toEqual([])
  })

  test('accepts packages that depend on each other, and development dependencies', () => {
    const dependencies = { '@ropewalk/core': 'workspace:^', '@ropewalk/http': 'workspace:^' }
    expect(violationsIn('websocket', { ...exported, dependencies, devDependencies: { ws: '8' } })).toEqual([])
  })
})

const complete = {
  name: '@ropewalk/core',
  version: '0.1.0',
  description: 'Reactor',
  keywords: ['reactor'],
  homepage: 'https://example.com/rope/tree/main/packages/core#readme',
  bugs: 'https://example.com/rope/issues',
  license: 'MIT',
  repository: { url: 'git+https://example.com/rope.git', directory: 'packages/core' },
  files: ['dist', 'CHANGELOG.md'],
  type: 'module',
  sideEffects: false,
  exports: { './package.json': './package.json' },
  engines: { node: '>=20.19' },
  publishConfig: { access: 'public', provenance: true },
}

describe('publishedFields', () => {
  const violationsOfFields = (manifest: object, changelog = '# core\n\n## 0.1.0\n'): readonly string[] =>
    violationsOf(publishedFields, {
      'package.json': '{ "engines": { "node": ">=20.19" } }',
      'packages/core/package.json': JSON.stringify(manifest),
      'packages/core/CHANGELOG.md': changelog,
    })

  test('accepts a package that has them all', () => {
    expect(violationsOfFields(complete)).toEqual([])
  })

  test.each([
    'description',
    'keywords',
    'homepage',
    'bugs',
    'license',
    'files',
    'type',
    'sideEffects',
    'exports',
    'engines',
    'publishConfig',
  ])('finds that %s is missing', (field) => {
    expect(violationsOfFields({ ...complete, [field]: undefined })).toEqual([
      `packages/core/package.json:1 has no complete ${field}`,
    ])
  })

  test.each([
    ['bugs', 'https://example.com/other/issues'],
    ['homepage', 'https://example.com/other'],
    ['repository', { url: 'git+https://example.com/rope.git', directory: 'packages/http' }],
    ['files', ['dist']],
    ['engines', { node: '>=18' }],
    ['publishConfig', { access: 'public' }],
  ])('finds a wrong %s', (field, value) => {
    expect(violationsOfFields({ ...complete, [field]: value })).toEqual([
      `packages/core/package.json:1 has no complete ${field}`,
    ])
  })

  test('finds a changelog without the version', () => {
    expect(violationsOfFields(complete, '# core\n\n## 0.0.9\n')).toEqual([
      'packages/core/CHANGELOG.md:1 has no entry for 0.1.0',
    ])
  })
})

describe('equalVersions', () => {
  test('finds a package with another version, and one that changesets does not know', () => {
    const http = { ...complete, name: '@ropewalk/http', version: '0.2.0' }
    const found = violationsOf(equalVersions, {
      '.changeset/config.json': '{ "fixed": [["@ropewalk/core"]] }',
      'packages/core/package.json': JSON.stringify(complete),
      'packages/http/package.json': JSON.stringify(http),
    })
    expect(found).toEqual([
      'packages/http/package.json:1 has the version 0.2.0',
      'packages/http/package.json:1 is not in .changeset/config.json',
    ])
  })
})

function violationsIn(name: string, manifest: object): readonly string[] {
  return violationsOf(manifests, {
    [`packages/${name}/package.json`]: JSON.stringify(manifest, undefined, 2),
    [`packages/${name}/src/index.ts`]: '',
  })
}
