import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { entrySpecifier, formatViolations, lineAt, Repository, Source } from '../src/repository.ts'

describe('Repository', () => {
  test('sorts TypeScript into shipped sources, tests and examples', () => {
    const repository = new Repository({
      'README.md': '',
      'vitest.config.ts': '',
      'examples/echo.ts': '',
      'examples/test/echo.test.ts': '',
      'packages/core/src/bytes/a.ts': '',
      'packages/core/test/bytes/a.test.ts': '',
    })
    expect(repository.sources.map(({ path }) => path)).toEqual(['packages/core/src/bytes/a.ts'])
    expect(repository.tests.map(({ path }) => path)).toEqual([
      'examples/test/echo.test.ts',
      'packages/core/test/bytes/a.test.ts',
    ])
    expect(repository.programs.map(({ path }) => path)).toContain('examples/echo.ts')
    expect(repository.programs).toHaveLength(4)
    expect(repository.files.size).toBe(6)
  })

  test('reads the text files of a folder, without installed, built and binary ones', () => {
    const root = folderOf({
      'README.md': 'read me',
      'packages/core/src/a.ts': 'export {}',
      'packages/core/dist/a.js': '',
      'node_modules/x/index.js': '',
      'examples/.listings-x/a.ts': '',
      'logo.png': '',
    })
    expect(Repository.read(root).files).toEqual(
      new Map([
        ['README.md', 'read me'],
        ['packages/core/src/a.ts', 'export {}'],
      ]),
    )
  })
})

describe('Source', () => {
  test('reports a violation on the line where the node begins, also after characters of several bytes', () => {
    const source = new Source('a.ts', '// “é”\nlet b = 1\n')
    const start = source.program.body[0]?.start ?? 0
    expect(source.violation({ start }, 'what', 'remedy')).toEqual({
      path: 'a.ts',
      line: 2,
      what: 'what',
      remedy: 'remedy',
    })
  })
})

describe('formatViolations', () => {
  test('writes each violation on a line, with its remedy', () => {
    const one = { path: 'a.ts', line: 3, what: 'uses any', remedy: 'use unknown' }
    const two = { path: 'b.ts', line: 1, what: 'is long', remedy: 'cut it' }
    expect(formatViolations([one, two])).toBe('a.ts:3 uses any — use unknown\nb.ts:1 is long — cut it')
    expect(formatViolations([])).toBe('')
  })
})

describe('lineAt', () => {
  test('counts lines from 1, a line break belonging to the line it ends', () => {
    expect([0, 1, 2, 3].map((offset) => lineAt('a\nb\n', offset))).toEqual([1, 1, 2, 2])
  })
})

describe('entrySpecifier', () => {
  test.each([
    ['packages/core/src/index.ts', '@ropewalk/core'],
    ['packages/core/src/bytes.ts', '@ropewalk/core/bytes'],
    ['packages/core/src/errors.ts', undefined],
    ['packages/core/src/bytes/index.ts', undefined],
    ['packages/core/test/index.ts', undefined],
  ])('of %s is %s', (path, specifier) => {
    expect(entrySpecifier(path)).toBe(specifier)
  })
})

/** A folder that holds these files until the test ends. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'repo-checks-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}
