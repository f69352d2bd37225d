// Imports each entry of the packages that are installed in the current folder, each in a new process, and checks that it
// loads few files, and no module of Node that most programs do not use. Usage: node check-entries.mjs
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Modules of Node that are loaded where they are first used. */
const MODULES =
  'child_process crypto dgram dns/promises fs/promises http http2 https tls worker_threads zlib'.split(' ')
/** Entries whose subject is such a module. */
const USED = {
  // An import of node:http evaluates everything that it exports, WebSocket of Node among it.
  '@ropewalk/http/mount': ['crypto', 'http', 'http2', 'tls', 'worker_threads', 'zlib'],
  '@ropewalk/http/resources': ['crypto'],
  '@ropewalk/http/static': ['crypto', 'fs/promises'],
  '@ropewalk/simulation': ['crypto', 'fs/promises'],
  // It stands in for modules of Node.
  '@ropewalk/simulation/node': MODULES,
}
/** With the packages that it imports. `@ropewalk/websocket` loads the most. */
const MOST_FILES = 20
/** It imports vitest, which is not installed here. */
const LEFT_OUT = '@ropewalk/simulation/vitest'

const PROGRAM = `
const before = new Set(process.moduleLoadList)
const entry = await import(process.argv[1])
const isClass = (value) => typeof value === 'function' && /^class\\b/.test(String(value))
console.log(JSON.stringify({
  names: Object.keys(entry),
  modules: process.moduleLoadList.filter((name) => !before.has(name)),
  renamed: Object.keys(entry).filter((name) => isClass(entry[name]) && entry[name].name !== name),
}))
`

const SCENARIO = `
import { isMainThread } from 'node:worker_threads'
export default async (sim) => {
  if (isMainThread) throw new Error('this is the main thread')
  await sim.run(1)
}
`
const SEEDS = `
import { simulateAll } from '@ropewalk/simulation'
await simulateAll(new URL('scenario.mjs', import.meta.url), { runs: 8 })
`

for (const entry of installedEntries().filter((name) => name !== LEFT_OUT)) {
  const { names, modules, renamed, files } = imported(entry)
  console.log(`${entry}: ${names.length} exports, ${files} files`)
  const loaded = MODULES.filter((name) => modules.includes(`NativeModule ${name}`))
  const unwanted = loaded.filter((name) => !USED[entry]?.includes(name))
  if (unwanted.length > 0) fail(`${entry} loads ${unwanted.join(', ')}: load it where it is first used`)
  if (files > MOST_FILES) fail(`${entry} loads more than ${MOST_FILES} files: see .ci/bundle.mjs`)
  if (renamed.length > 0) fail(`${entry} has classes that the bundle has renamed: ${renamed.join(', ')}`)
}

checkThreads()

/** Seeds of a scenario module run in worker threads, whose module must be in the package. */
function checkThreads() {
  if (availableParallelism() < 2) return
  writeFileSync('scenario.mjs', SCENARIO)
  writeFileSync('seeds.mjs', SEEDS)
  const { stderr, status } = spawnSync(process.execPath, ['seeds.mjs'], { encoding: 'utf8' })
  if (status !== 0) fail(`@ropewalk/simulation does not run seeds in worker threads: ${stderr}`)
}

function installedEntries() {
  return readdirSync('node_modules/@ropewalk').flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(`node_modules/@ropewalk/${name}/package.json`, 'utf8'))
    const paths = Object.keys(exports).filter((path) => path !== './package.json')
    return paths.map((path) => `@ropewalk/${name}${path.slice(1)}`)
  })
}

/** What an import exports and loads. Node lists the files with the coverage of their code. */
function imported(entry) {
  const folder = mkdtempSync(join(tmpdir(), 'entries-'))
  try {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', PROGRAM, entry],
      { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: folder } },
    )
    if (status !== 0) throw new Error(`Cannot import ${entry}: ${stderr}`)
    const files = readdirSync(folder)
      .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).result)
      .filter((script) => script.url.includes('/node_modules/'))
    return { ...JSON.parse(stdout), files: files.length }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function fail(message) {
  console.error(message)
  process.exitCode = 1
}
