import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENTS = [
  'README.md',
  'packages/core/README.md',
  'packages/http/README.md',
  'packages/websocket/README.md',
]

/** The TypeScript listings of a document. */
function listingsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8')
  return Array.from(text.matchAll(/^```ts\n([^]*?)^```$/gm), ([, listing = '']) => listing)
}

test('every listing of the documents compiles as it stands', () => {
  const folder = mkdtempSync(join(root, 'examples', '.listings-'))
  try {
    const listings = DOCUMENTS.flatMap(listingsOf)
    for (const [at, listing] of listings.entries()) writeFileSync(join(folder, `listing-${at}.ts`), listing)
    const config = { extends: '../tsconfig.json', include: ['*.ts'], references: [] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const { stdout, status } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect([status, listings.length]).toEqual([0, 6])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
