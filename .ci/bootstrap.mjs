// Installs the development dependencies, unless this version of Node has already installed those of the lock file.
// Every command of package.json runs it first. An old version of Node must be able to run it too, to be refused.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
/** The file with the version of Node that installed last. */
const RECORD = 'node_modules/.installed-by-node'
const { engines, packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

if (isTooOld(process.version)) {
  console.error(`Ropewalk needs Node ${engines.node.replace('>=', '>= ')}; this is ${process.version}.`)
  process.exitCode = 1
} else if (!isInstalled()) install()

function isTooOld(version) {
  const [major, minor] = numbersOf(version)
  const [leastMajor, leastMinor] = numbersOf(engines.node)
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}

function numbersOf(version) {
  return /(\d+)\.(\d+)/.exec(version).slice(1).map(Number)
}

/** pnpm omits binaries for other versions of Node, so an installation is valid for one version only. */
function isInstalled() {
  try {
    const isSameLock = contentOf('pnpm-lock.yaml') === contentOf('node_modules/.pnpm/lock.yaml')
    return isSameLock && contentOf(RECORD) === process.version
  } catch {
    return false
  }
}

function contentOf(path) {
  return readFileSync(root + path, 'utf8')
}

function install() {
  const start = Date.now()
  console.error('Installing the development dependencies (once; about 15 s without a cache) …')
  const npx = spawn('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], {
    cwd: root,
    // Otherwise `npm run --silent` would hide the reasons of a failure too.
    env: Object.assign({}, process.env, { npm_config_loglevel: 'warn' }),
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = []
  npx.stdout.on('data', (data) => output.push(data))
  npx.stderr.on('data', (data) => output.push(data))
  npx.on('error', (error) => fail(`npx does not start (it comes with npm): ${error.message}`))
  npx.on('close', (status, signal) => {
    if (status === 0) {
      writeFileSync(root + RECORD, process.version)
      console.error(`Installed in ${((Date.now() - start) / 1000).toFixed(1)} s.`)
    } else if (process.exitCode === undefined) fail(`npx ended with ${signal || status}`, output)
  })
}

function fail(why, output = []) {
  process.stderr.write(Buffer.concat(output))
  console.error(
    `Cannot install the development dependencies: ${why}. ` +
      'Fix the cause and run the same command again. `npm config get registry` prints where packages come from.',
  )
  process.exitCode = 1
}
