// Installs the development dependencies unless this Node has installed those of the lock file already.
// Every command of package.json runs it first. Plain enough for old versions of Node, which it has to refuse.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
/** The version of Node that installed last. */
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

/** pnpm leaves out the binaries that are for another version of Node, so the version belongs to what is installed. */
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
  console.error('Installing the development dependencies (once; a cold start takes about 15 s) …')
  const npx = spawn('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], {
    cwd: root,
    // `npm run --silent` would silence the reasons of a failure too.
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
      'Once the cause is gone, run the same command again; `npm config get registry` names where packages come from.',
  )
  process.exitCode = 1
}
