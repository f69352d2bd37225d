import { describe, expect, test } from 'vitest'
import { documentedCommands } from '../../src/rules/documented-commands.ts'
import { violationsOf } from '../violations-of.ts'

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
const FILES = { 'package.json': MANIFEST, 'examples/echo.ts': '// Echoes.' }

describe('documentedCommands', () => {
  test('finds what fails in a fresh clone', () => {
    const found = violationsOf(documentedCommands, {
      ...FILES,
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
      'docs/guide/a.md:2 runs examples/b.ts, which is not there',
      'packages/core/bench/bench.ts:1 runs the script bench, which packages/core/package.json does not have',
      'CONTRIBUTING.md:1 runs .ci/run, which is not there',
    ])
  })

  test('accepts what installs first, files that are there, and programs that the page shows', () => {
    const found = violationsOf(documentedCommands, {
      ...FILES,
      'README.md': 'Run `npm test -- packages/http`, `npm run bootstrap`, `npm run -s pnpm -- add -D NAME`.',
      'docs/guide/a.md':
        '```ts\n// quotes.ts\nlisten()\n```\n`npm run example examples/quotes.ts`, `npm run example examples/echo.ts`',
      'docs/guide/b.md': '`ROPEWALK_SEED=0-17 npx vitest run a.test.ts` in a project that has vitest',
      'packages/core/src/a.ts': '// npm run anything',
    })
    expect(found).toEqual([])
  })
})
