import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENTS = [
  'README.md',
  'packages/core/README.md',
  'packages/http/README.md',
  'packages/websocket/README.md',
  'packages/simulation/README.md',
  ...['docs', 'docs/coming-from', 'docs/guide', 'docs/operations'].flatMap(pagesOf),
]

function pagesOf(folder: string): string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'))
  return names.map((name) => `${folder}/${name}`)
}

/** A program in a document. If a block of text follows it, the program prints exactly that, and ends. */
interface Listing {
  readonly name: string
  readonly program: string
  readonly output: string | undefined
}

/** The sources whose docstrings have an example. */
const DOCUMENTED = ['core', 'http', 'websocket', 'simulation'].flatMap((name) =>
  readdirSync(join(root, 'packages', name, 'src'), { encoding: 'utf8', recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `packages/${name}/src/${path.replaceAll('\\', '/')}`)
    .filter((path) => readFileSync(join(root, path), 'utf8').includes('* @example')),
)

/** The TypeScript listings of a document, or of the docstrings of a source. */
function listingsOf(path: string): Listing[] {
  const content = readFileSync(join(root, path), 'utf8')
  const text = path.endsWith('.ts') ? content.replaceAll(/^ *\* ?/gm, '') : content
  const blocks = text.matchAll(/^```ts\n([^]*?)^```$(?:\n\n```text\n([^]*?)^```$)?/gm)
  return Array.from(blocks, ([, program = '', output], at) => {
    return { name: `${path.replaceAll(/\W+/g, '-')}-${at}`, program, output }
  })
}

describe('listings of the documents', () => {
  const folder = mkdtempSync(join(root, 'examples', '.listings-'))
  const listings = [...DOCUMENTS, ...DOCUMENTED].flatMap(listingsOf)
  const printing = listings.flatMap(({ name, output }) =>
    output === undefined ? [] : [[name, output] as const],
  )

  const run = (name: string): { output: string; errors: string; status: number | null } => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [`${name}.mjs`], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 20_000,
    })
    return { output: stdout, errors: stderr, status }
  }

  beforeAll(() => {
    for (const { name, program } of listings) writeFileSync(join(folder, `${name}.ts`), program)
    // Compiled once: each process would compile the packages again, which takes it ten times as long as the listing.
    buildSync({
      entryPoints: listings.map(({ name }) => join(folder, `${name}.ts`)),
      bundle: true,
      external: ['express', 'vitest', 'ws'],
      format: 'esm',
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      platform: 'node',
      splitting: true,
    })
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  test('compile without changes', () => {
    const config = { extends: '../tsconfig.json', include: ['*.ts'], references: [] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
    expect(tsc.stdout).toBe('')
    expect(tsc.status).toBe(0)
    expect(listings.length).toBeGreaterThan(10)
  })

  test('draw the pictures of the documents', () => {
    const drawing = listings.filter(({ program }) => /\.svg|diagrams: '/.test(program))
    for (const { name } of drawing) run(name)
    const drawn = readdirSync(folder, { encoding: 'utf8', recursive: true }).filter((path) =>
      path.endsWith('.svg'),
    )
    expect(drawn.length).toBeGreaterThan(1)
    for (const path of drawn)
      expect(readFileSync(join(folder, path), 'utf8')).toBe(
        readFileSync(join(root, 'docs/images', basename(path)), 'utf8'),
      )
  })

  test.each(printing)('%s prints the output that the document shows', (name, output) => {
    expect(run(name)).toEqual({ output, errors: '', status: 0 })
  })
})
