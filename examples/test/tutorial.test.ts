import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// The tutorial grows one program. Each page is read in order:
// - a `ts` block that begins with `// name.ts` is a whole file,
// - a `diff` block that begins with `--- name.ts` changes the file of the pages before,
// - a `terminal NAME` block runs: `$ ` is a command, `> ` is a line that is typed, `^C` is Ctrl-C, everything else is
//   output. Blocks of the same name are one terminal. `…` in a line of output stands for any text.
// The ports of the pages are replaced by free ones.
const root = fileURLToPath(new URL('../..', import.meta.url))
const tutorial = join(root, 'docs/tutorial')
const pages = readdirSync(tutorial)
  .filter((name) => /^\d+-/.test(name))
  .toSorted((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
const missing = ['nc', 'curl', 'openssl'].filter((tool) => spawnSync('which', [tool]).status !== 0)
if (missing.length > 0)
  console.warn(`${missing.join(', ')} not installed: the terminals of the tutorial are skipped`)
const PORTS = ['1234', '1235', '8080', '8443']

const read = (page: string): string => readFileSync(join(tutorial, page), 'utf8')
const fences = (page: string): { info: string; body: string }[] =>
  Array.from(read(page).matchAll(/^```(\w.*)\n([^]*?)^```$/gm), ([, info = '', body = '']) => ({
    info,
    body,
  }))

/** @throws {Error} when the lines that the change expects are not exactly once in the file. */
function changed(text: string, change: string): string {
  const lines = change.split('\n').slice(0, -1)
  const side = (mark: string): string =>
    lines
      .filter((line) => !line.startsWith(mark))
      .map((line) => `${line.slice(1)}\n`)
      .join('')
  const parts = text.split(side('+'))
  if (parts.length !== 2) throw new Error(`It is ${parts.length - 1} times in the file:\n${side('+')}`)
  return parts.join(side('-'))
}

/** The files of the program at the end of each page. */
function filesByPage(): Map<string, Map<string, string>> {
  const files = new Map<string, string>()
  return new Map(
    pages.map((page) => {
      for (const { info, body } of fences(page)) {
        const name = /^(?:\/\/|---|#) (\S+)\n/.exec(body)?.[1] ?? ''
        if (info === 'ts') files.set(name, body)
        if (info === 'diff')
          files.set(name, changed(files.get(name) ?? '', body.slice(body.indexOf('\n') + 1)))
      }
      return [page, new Map(files)]
    }),
  )
}

async function freePorts(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => String(Object(server.address()).port))
  for (const server of servers) server.close()
  return ports
}

class Terminal {
  #child: ChildProcess | undefined
  #output = ''
  #isOpen = false
  #wake = (): void => undefined

  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async type(line: string): Promise<void> {
    if (line.startsWith('$ ')) return this.#start(line.slice(2))
    if (line.startsWith('> ')) return void this.#child?.stdin?.write(`${line.slice(2)}\n`)
    this.#child?.kill('SIGINT')
  }

  async #start(command: string): Promise<void> {
    await this.ended()
    this.#output = ''
    const compiled = command
      .replace(/node --import tsx((?: --test)?) (\S+)\.ts/, 'exec node$1 $2.mjs')
      .replace(/^(?=nc |openssl s_client )/, 'exec ')
    const child = spawn('bash', ['-c', compiled], {
      cwd: this.#folder,
      env: {
        ...process.env,
        PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}`,
        NO_COLOR: '1',
        NO_PROXY: '*',
        no_proxy: '*',
      },
    })
    this.#child = child
    this.#isOpen = true
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        this.#output += data.toString().replaceAll('\r', '')
        this.#wake()
      })
    child.on('close', () => {
      // The last line of a response may have no line end.
      if (this.#output !== '' && !this.#output.endsWith('\n')) this.#output += '\n'
      this.#isOpen = false
      this.#wake()
    })
    // A command that reads no input, such as curl, has had its effect when it has ended.
    if (!compiled.includes('exec ')) await this.ended()
  }

  /** @returns the next line of output, or `line` if it has a `…` and one of the next lines matches it. */
  async read(line: string): Promise<string> {
    for (;;) {
      const [got] = /^.*\n/.exec(this.#output) ?? []
      if (got !== undefined) {
        this.#output = this.#output.slice(got.length)
        const wanted = line.split('…')
        if (wanted.length === 1) return got.trimEnd()
        if (wanted.every((part) => got.includes(part))) return line
      } else if (!this.#isOpen) throw new Error(`It has ended, and did not print ${line}`)
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async ended(): Promise<void> {
    if (this.#child !== undefined && this.#isOpen) await once(this.#child, 'close')
  }

  kill(): void {
    if (this.#isOpen) this.#child?.kill('SIGKILL')
  }
}

describe('the tutorial', () => {
  const folder = mkdtempSync(join(root, 'examples', '.tutorial-'))
  const folderOf = (page: string): string => join(folder, page.replace(/-.*/, ''))
  let ports: string[] = []
  /** The text with the ports of its page, so that the pages can run at the same time. */
  const moved = (page: string, text: string): string => {
    const first = pages.indexOf(page) * PORTS.length
    return PORTS.reduce((all, port, at) => all.replaceAll(port, ports[first + at] ?? ''), text)
  }

  beforeAll(async () => {
    ports = await freePorts(pages.length * PORTS.length)
    const programs = filesByPage()
    for (const [page, files] of programs) {
      mkdirSync(folderOf(page))
      for (const [name, text] of files) writeFileSync(join(folderOf(page), name), moved(page, text))
      for (const kind of ['cert', 'key'])
        copyFileSync(
          join(root, `examples/certificates/localhost.${kind}.pem`),
          join(folderOf(page), `${kind}.pem`),
        )
    }
    await build({
      entryPoints: pages.flatMap((page) =>
        [...(programs.get(page)?.keys() ?? [])].map((name) => join(folderOf(page), name)),
      ),
      bundle: true,
      format: 'esm',
      outbase: folder,
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      platform: 'node',
      splitting: true,
    })
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  test('compiles at the end of each page', () => {
    const config = { extends: '../tsconfig.json', include: ['**/*.ts'], references: [] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
    expect(tsc.stdout).toBe('')
    expect(tsc.status).toBe(0)
  })

  describe.skipIf(missing.length > 0)('its terminals', () => {
    test.concurrent.each(pages)('%s shows what happens', { timeout: 20_000 }, async (page) => {
      const terminals = new Map<string, Terminal>()
      try {
        for (const { info, body } of fences(page)) {
          const [, name] = /^terminal (\w+)$/.exec(info) ?? []
          if (name === undefined) continue
          const terminal = terminals.get(name) ?? new Terminal(folderOf(page))
          terminals.set(name, terminal)
          for (const line of moved(page, body).split('\n').slice(0, -1))
            if (/^(?:[$>] |\^C$)/.test(line)) await terminal.type(line)
            else expect(await terminal.read(line)).toBe(line)
        }
      } finally {
        for (const terminal of terminals.values()) terminal.kill()
      }
    })
  })

  test.each(['README.md', ...pages])('%s has links that lead to files', (page) => {
    const links = Array.from(read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g), ([, path = '']) => path)
    expect(links.filter((path) => !existsSync(join(tutorial, path)))).toEqual([])
  })

  test('has an index of all pages', () => {
    const index = readFileSync(join(tutorial, 'README.md'), 'utf8')
    expect(Array.from(index.matchAll(/\]\((\d+-[^)]+)\)/g), ([, page]) => page)).toEqual(pages)
  })
})
