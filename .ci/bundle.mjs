// Bundles the JavaScript of the published packages in place of what tsc has written: an import then reads a few files
// instead of hundreds. Declarations stay one for each source file. See docs/decisions/0020-bundled-packages.md.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

/**
 * The entries of each package whose modules share a file, in order: a module is in the file of the first group that
 * needs it. Modules of no group are in the file of the entry that needs them, or in one that several entries share.
 */
const GROUPS = {
  core: {
    base: ['bytes', 'options'],
    main: ['index', 'endpoints', 'log', 'policies', 'proxy', 'reactor', 'time', 'tls'],
  },
  http: { main: ['index', 'client'] },
  websocket: { codec: ['codec'], main: ['index'] },
  simulation: { main: ['index'] },
}

/** Modules that a worker thread runs, by package. They are beside the file that starts the thread. */
const THREADS = { simulation: { 'chunks/seed-worker': 'src/real/seed-worker.ts' } }

for (const [name, groups] of Object.entries(GROUPS)) {
  const folder = fileURLToPath(new URL(`../packages/${name}/`, import.meta.url))
  removeScripts(`${folder}dist`)
  await bundle(folder, groups, THREADS[name] ?? {})
}

function removeScripts(folder) {
  const names = readdirSync(folder, { encoding: 'utf8', recursive: true })
  for (const name of names.filter((path) => /\.js(?:\.map)?$/.test(path))) rmSync(`${folder}/${name}`)
}

async function bundle(folder, groups, threads) {
  const ofThreads = Object.entries(threads).map(([name, path]) => [name, folder + path])
  const input = { ...entriesOf(folder), ...Object.fromEntries(ofThreads) }
  const imports = new Map()
  const build = await rolldown({
    input,
    platform: 'node',
    // Everything but the files of this package.
    external: /^(?![./])/,
    tsconfig: `${folder}tsconfig.json`,
    transform: { target: 'node20' },
    plugins: [importsOf(imports)],
  })
  // The first pass reads the graph; the groups of the second one depend on it.
  await build.generate()
  const codeSplitting = {
    groups: Object.entries(groups).map(([name, entries], at, all) => {
      const modules = reachedFrom(
        entries.map((entry) => input[entry]),
        imports,
      )
      return { name, test: (id) => modules.has(id), priority: all.length - at }
    }),
  }
  await build.write({
    dir: `${folder}dist`,
    format: 'esm',
    codeSplitting,
    chunkFileNames: 'chunks/[name].js',
    // Stack traces show the names of the source, and the sources are in the package.
    minify: false,
    minifyInternalExports: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
    comments: { legal: true, annotation: true, jsdoc: false },
  })
  await build.close()
}

/** The entries of a package by name, `index` for the package itself. */
function entriesOf(folder) {
  const { exports } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'))
  const paths = Object.values(exports).filter((path) => path.endsWith('.ts'))
  return Object.fromEntries(
    paths.map((path) => [path.slice('./src/'.length, -'.ts'.length), folder + path.slice('./'.length)]),
  )
}

/** Notes which modules each module imports. */
function importsOf(imports) {
  return {
    name: 'imports',
    buildEnd() {
      for (const id of this.getModuleIds()) imports.set(id, this.getModuleInfo(id).importedIds)
    },
  }
}

function reachedFrom(ids, imports, reached = new Set()) {
  for (const id of ids) {
    if (reached.has(id) || !imports.has(id)) continue
    reached.add(id)
    reachedFrom(imports.get(id), imports, reached)
  }
  return reached
}
