// Measures the packed packages of .pack/, and writes the tables of docs/sizes.md. Usage: node .ci/sizes.mjs [--check]
// With --check it changes nothing, and fails if a figure of the document is more than a tenth away from the measured one.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const PACKAGES = ['core', 'http', 'websocket', 'simulation']
/** Programs whose bundles are measured: what they import, and from where. */
const PROGRAMS = [
  ['a TCP server', { '@ropewalk/core': 'Factory, LineReceiver, reactor' }],
  ['a web server', { '@ropewalk/core': 'reactor', '@ropewalk/http': 'Resource, Site' }],
  [
    'a web server with WebSockets',
    {
      '@ropewalk/core': 'reactor',
      '@ropewalk/http': 'Resource, Site',
      '@ropewalk/websocket': 'WebSocketProtocol, WebSocketResource',
    },
  ],
  ['all of `@ropewalk/core`', { '@ropewalk/core': '*' }],
  ['all of `@ropewalk/core/bytes`', { '@ropewalk/core/bytes': '*' }],
  ['all of `@ropewalk/http`', { '@ropewalk/http': '*' }],
  ['all of `@ropewalk/websocket`', { '@ropewalk/websocket': '*' }],
  ['all of `@ropewalk/websocket/codec`', { '@ropewalk/websocket/codec': '*' }],
  ['all of `@ropewalk/simulation`', { '@ropewalk/simulation': '*' }],
]
const TOLERANCE = 0.1

const root = fileURLToPath(new URL('../', import.meta.url))
const document = `${root}docs/sizes.md`
const folder = mkdtempSync(join(tmpdir(), 'sizes-'))
try {
  install()
  const tables = { installed: installedTable(), bundled: await bundledTable() }
  const text = readFileSync(document, 'utf8')
  const measured = Object.entries(tables).reduce(written, text)
  if (process.argv.includes('--check')) check(text, measured)
  else writeFileSync(document, measured)
} finally {
  rmSync(folder, { recursive: true })
}

/** Unpacks the tarballs where an import finds them, and the one library that they need. */
function install() {
  for (const name of PACKAGES) {
    const tarball = readdirSync(`${root}.pack`).find((file) => file.startsWith(`ropewalk-${name}-`))
    const target = moduleFolder(`@ropewalk/${name}`)
    mkdirSync(target, { recursive: true })
    const args = ['-xzf', `${root}.pack/${tarball}`, '-C', target, '--strip-components', '1']
    const { status } = spawnSync('tar', args, { stdio: 'inherit' })
    if (status !== 0) throw new Error(`Cannot unpack ${tarball}`)
  }
  cpSync(`${root}packages/http/node_modules/mime`, moduleFolder('mime'), {
    recursive: true,
    dereference: true,
  })
}

function moduleFolder(name) {
  return join(folder, 'node_modules', name)
}

function installedTable() {
  const rows = PACKAGES.map((name) => {
    const all = [...dependenciesOf(`@ropewalk/${name}`)]
    const own = bytesIn(moduleFolder(`@ropewalk/${name}`))
    const total = all.map((one) => bytesIn(moduleFolder(one)).all).reduce((sum, bytes) => sum + bytes, 0)
    return [`\`@ropewalk/${name}\``, own.code, own.all, total, all.length]
  })
  const head = ['Package', 'Code, kB', 'Installed, kB', 'With its dependencies, kB', 'Packages']
  return table(
    head,
    rows.map(([name, code, all, total, count]) => [name, kB(code), kB(all), kB(total), count]),
  )
}

/** The package, and all that it needs. */
function dependenciesOf(name, found = new Set()) {
  if (found.has(name)) return found
  found.add(name)
  const { dependencies = {} } = JSON.parse(readFileSync(join(moduleFolder(name), 'package.json'), 'utf8'))
  for (const next of Object.keys(dependencies)) dependenciesOf(next, found)
  return found
}

function bytesIn(at) {
  const files = readdirSync(at, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const sizes = files.map((file) => [file.name, statSync(join(file.parentPath, file.name)).size])
  const sum = (of) => of.reduce((total, [, bytes]) => total + bytes, 0)
  return { all: sum(sizes), code: sum(sizes.filter(([name]) => name.endsWith('.js'))) }
}

async function bundledTable() {
  const rows = []
  for (const [name, imports] of PROGRAMS) {
    const minified = await bundled(imports)
    rows.push([name, kB(minified.length), kB(gzipSync(minified, { level: 9 }).length)])
  }
  return table(['Program', 'Minified, kB', 'Minified and gzipped, kB'], rows)
}

/** A program that exports what it imports, so that nothing of it is left out. */
async function bundled(imports) {
  const lines = Object.entries(imports).map(([from, names]) => `export ${braced(names)} from '${from}'`)
  const { outputFiles } = await build({
    stdin: { contents: lines.join('\n'), resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
  })
  return outputFiles[0].contents
}

function braced(names) {
  return names === '*' ? '*' : `{ ${names} }`
}

function kB(bytes) {
  return bytes < 10_000 ? (bytes / 1000).toFixed(1) : String(Math.round(bytes / 1000))
}

/** As oxfmt writes it: columns of equal width. */
function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  const [first, ...others] = cells
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n')
}

/** The text with a table between its markers. */
function written(text, [name, content]) {
  const markers = new RegExp(`(<!-- ${name} -->\n)[^]*(\n<!-- end of ${name} -->)`)
  if (!markers.test(text)) throw new Error(`docs/sizes.md has no marker <!-- ${name} -->`)
  return text.replace(markers, `$1\n${content}\n$2`)
}

/** Compares the figures of the cells, in order. Words must be equal. */
function check(text, measured) {
  const [had, has] = [text, measured].map((one) =>
    one
      .split(/[|\n]/)
      .map((cell) => cell.trim())
      .filter(isWord),
  )
  const differing = has.flatMap((cell, at) => (isNear(had[at], cell) ? [] : [`${had[at]} is now ${cell}`]))
  if (had.length === has.length && differing.length === 0) return console.log('docs/sizes.md has the sizes')
  console.error(
    `docs/sizes.md has other sizes: ${differing.join(', ')}. Run npm run packages && npm run sizes`,
  )
  process.exitCode = 1
}

function isWord(cell) {
  return cell !== '' && !/^-+$/.test(cell)
}

function isNear(had, has) {
  const [one, other] = [Number(had), Number(has)]
  if (Number.isNaN(one) || Number.isNaN(other)) return had === has
  return Math.abs(one - other) <= TOLERANCE * other
}
