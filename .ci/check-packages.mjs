// Does with the tarballs of .pack/ what a user does with the packages: makes a project with create-ropewalk in an empty
// folder, installs it, runs its tests, compiles it, starts it and stops it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'

const PACK = fileURLToPath(new URL('../.pack/', import.meta.url))
/** With declarations of libraries, and sources alone: the tests import vitest, which has its own limits. */
const STRICTLY = 'tsc --noEmit --skipLibCheck false --module nodenext --target es2023 --types node'.split(' ')
STRICTLY.push('--strict', '--allowImportingTsExtensions', 'src/main.ts')
/** docs/stability.md names it. */
const OLDEST_TYPESCRIPT = '5.7.3'
const LOOPBACK = 'tcp:0:interface=127.0.0.1'
const creator = readdirSync(PACK).find((name) => name.startsWith('create-ropewalk-'))
const create = ['exec', '--yes', `--package=${PACK}${creator}`, '--', 'create-ropewalk']
const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'))
const app = join(folder, 'my-app')

try {
  await succeeds(folder, [...create, 'my-app', '--packages', PACK])
  await succeeds(app, ['install', '--no-audit', '--no-fund'])
  await succeeds(app, ['test'], 'room.test.ts')
  await succeeds(app, ['run', 'build'])
  await succeeds(app, ['exec', '--yes', `--package=typescript@${OLDEST_TYPESCRIPT}`, '--', ...STRICTLY])
  await checkProgram(['npm', 'start', '--silent', '--', LOOPBACK, LOOPBACK])
  await checkProgram([process.execPath, 'dist/src/main.js', LOOPBACK, LOOPBACK])
  await failsWith(2, folder, [...create, 'my-app'], 'is not empty')
  await failsWith(2, folder, [...create, 'other', '--nme', 'x'], "Unknown option '--nme'")
} finally {
  rmSync(folder, { recursive: true })
}

/** The program of the project responds to HTTP, and joins a line and a WebSocket. Ctrl-C ends it. */
async function checkProgram([command, ...args]) {
  const program = start(app, command, args)
  const deadline = setTimeout(() => process.kill(program.group, 'SIGKILL'), 60_000)
  while (!program.output.includes('Ctrl-C')) {
    if (program.child.exitCode !== null) throw new Error(`${command} has ended: ${program.output}`)
    await Promise.race([once(program.child.stdout, 'data'), program.ended])
  }
  const site = /http:\S+/.exec(program.output)[0]
  const port = Number(/line protocol: \S+:(\d+)/.exec(program.output)[1])

  const socket = new WebSocket(/ws:\S+/.exec(program.output)[0])
  await once(socket, 'open')
  const line = connect(port, '127.0.0.1')
  line.setEncoding('utf8').write('hello\r\n')
  equal((await once(socket, 'message'))[0].toString(), 'hello', 'the WebSocket received')
  socket.send('good evening')
  equal((await once(line, 'data'))[0], 'good evening\r\n', 'the line client received')
  const counts = await (await fetch(site, { headers: { Connection: 'close' } })).text()
  equal(counts, '{"members":2,"texts":2}', 'the site responded with')

  const closed = Promise.all([once(socket, 'close'), once(line, 'close')])
  // A terminal sends SIGINT to the whole group. npm itself may end by the signal.
  process.kill(program.group, 'SIGINT')
  const [code, signal] = await program.ended
  clearTimeout(deadline)
  equal((await closed)[0][0], 1001, 'the WebSocket was closed with')
  if (code !== 0 && signal !== 'SIGINT') throw new Error(`${command} ended with ${code ?? signal}`)
  console.log(`${[command, ...args].join(' ').replace(process.execPath, 'node')}: served, and stopped`)
}

async function succeeds(cwd, args, text = '') {
  await failsWith(0, cwd, args, text)
}

/** Runs npm, and checks how it ends and what it prints. */
async function failsWith(wanted, cwd, args, text) {
  const startMs = performance.now()
  const run = start(cwd, 'npm', args)
  const [code] = await run.ended
  const shown = ['npm', ...args].join(' ').replaceAll(PACK, '.pack/')
  if (code !== wanted || !run.output.includes(text))
    throw new Error(`${shown} ended with ${code} instead of ${wanted} and "${text}":\n${run.output}`)
  console.log(`${shown}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
}

/** Starts a process in a group of its own, and collects all that it prints. */
function start(cwd, command, args) {
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  // A negative process id means the process group.
  const started = { child, group: -(child.pid ?? 0), output: '', ended: once(child, 'close') }
  child.stdout.on('data', (data) => (started.output += data))
  child.stderr.on('data', (data) => (started.output += data))
  return started
}

function equal(actual, expected, what) {
  if (actual !== expected)
    throw new Error(`${what} ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`)
}
