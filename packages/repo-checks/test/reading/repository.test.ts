import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Repository } from '../../src/reading/repository.ts'
import type { Source } from '../../src/reading/source.ts'

describe('Repository', () => {
  test('sorts TypeScript into what is shipped, tests and examples', () => {
    const repository = new Repository({
      'README.md': '',
      'vitest.config.ts': '',
      'examples/echo.ts': '',
      'examples/test/echo.test.ts': '',
      'packages/core/src/bytes/a.ts': '',
      'packages/core/test/bytes/a.test.ts': '',
    })
    expect(repository.sources.map(pathOf)).toEqual(['packages/core/src/bytes/a.ts'])
    expect(repository.tests.map(pathOf)).toEqual([
      'examples/test/echo.test.ts',
      'packages/core/test/bytes/a.test.ts',
    ])
    expect(repository.examples.map(pathOf)).toEqual(['examples/echo.ts'])
    expect(repository.programs).toHaveLength(4)
    expect(repository.files.size).toBe(6)
  })

  test('reads the text files of a folder, without what is installed, built or binary', () => {
    const root = folderOf({
      'README.md': 'read me',
      'packages/core/src/a.ts': 'export {}',
      'packages/core/dist/a.js': '',
      'node_modules/x/index.js': '',
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

function pathOf({ path }: Source): string {
  return path
}

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
