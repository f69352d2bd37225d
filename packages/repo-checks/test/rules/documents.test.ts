import { describe, expect, test } from 'vitest'
import { documentedCommands, documentReferences } from '../../src/rules/documents.ts'
import { violationsOf } from '../violations-of.ts'

const FILES = {
  'packages/http/src/codec/a.ts': 'export const a = 1',
  'packages/http/test/codec/a.test.ts': "test('reads it whole', () => {})",
}

describe('documentReferences', () => {
  test('finds files and tests that do not exist', () => {
    const found = violationsOf(documentReferences, {
      ...FILES,
      'docs/rfc-coverage.md': '| `codec/b.ts` | "reads half" |',
      'README.md': '`packages/http/src/c.ts`',
    })
    expect(found).toEqual([
      'docs/rfc-coverage.md:1 refers to codec/b.ts, which does not exist',
      'docs/rfc-coverage.md:1 refers to reads half, which does not exist',
      'README.md:1 refers to packages/http/src/c.ts, which does not exist',
    ])
  })

  test('accepts existing ones, with or without the beginning of a path', () => {
    const found = violationsOf(documentReferences, {
      ...FILES,
      'docs/rfc-coverage.md': '| `codec/a.ts`, `http/src/codec/a.ts` | `codec/a.test.ts` "reads it" |',
    })
    expect(found).toEqual([])
  })
})

const MANIFEST = JSON.stringify({
  scripts: {
    bootstrap: 'node bootstrap.mjs',
    pnpm: 'npx --yes pnpm',
    pretest: 'node bootstrap.mjs',
    test: 'vitest run',
    preexample: 'node bootstrap.mjs',
    example: 'tsx',
    build: 'tsc -b',
  },
})
const CLONE = { 'package.json': MANIFEST, 'examples/echo.ts': '// Echoes.' }

describe('documentedCommands', () => {
  test('finds commands that fail in a fresh clone', () => {
    const found = violationsOf(documentedCommands, {
      ...CLONE,
      'README.md': 'Run `npm run lint`,\n`npm run build` or\n`npm start`.',
      'docs/guide/a.md': 'Start it with `npx tsx a.ts`, or\n`npm run example examples/b.ts`.',
      'packages/core/bench/bench.ts': '// npm run bench --prefix packages/core',
      'CONTRIBUTING.md': '    bash .ci/run',
    })
    expect(found).toEqual([
      'README.md:1 runs the script lint, which package.json does not have',
      'README.md:2 runs the script build, which installs nothing',
      'README.md:3 runs the script start, which package.json does not have',
      'docs/guide/a.md:1 runs npx tsx, which a fresh clone has not installed',
      'docs/guide/a.md:2 runs examples/b.ts, which does not exist',
      'packages/core/bench/bench.ts:1 runs the script bench, which packages/core/package.json does not have',
      'CONTRIBUTING.md:1 runs .ci/run, which does not exist',
    ])
  })

  test('accepts scripts that install first, existing files, and programs that the page shows', () => {
    const found = violationsOf(documentedCommands, {
      ...CLONE,
      'README.md': 'Run `npm test -- packages/http`, `npm run bootstrap`, `npm run -s pnpm -- add -D NAME`.',
      'docs/guide/a.md':
        '```ts\n// quotes.ts\nlisten()\n```\n`npm run example examples/quotes.ts`, `npm run example examples/echo.ts`',
      'docs/guide/b.md':
        '`ROPEWALK_SEED=0-17 npx vitest run a.test.ts` in a project that has vitest, and\nROPEWALK_SEED=0-1 ROPEWALK_FAULTS=none npx vitest run a.test.ts',
      'docs/guide/c.md': '```sh project\nnpm install tsx\nnpx tsx a.ts\n```',
      'packages/core/src/a.ts': '// npm run anything',
    })
    expect(found).toEqual([])
  })
})
