// Types every command of the documents as it stands: in this clone, or in an empty project that gets the packed packages.
//
//   node .ci/check-commands.mjs [PAGE…]
//
// The word after ```sh states where a block is run:
//   ```sh                  in the root of the clone
//   ```sh project          in an empty project of the page, which has the programs that the page shows as `// name.ts`
//   ```sh elsewhere        nowhere: it needs a machine that CI has not
// A command that prints its address runs on until the page ends, and is then stopped with Ctrl-C. One that prints nothing
// does so too if the block has port=N, and it accepts connections there. After `# -> ` a line has what its command prints. A command in the text itself is run in the clone, unless ELSEWHERE lists it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { serveRegistry } from './registry.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const FOLDERS = ['docs', 'docs/guide', 'docs/coming-from', 'docs/operations', 'docs/tutorial']
/** Commands that are not typed here, with the place where they are, or the reason. */
const ELSEWHERE = [
  [
    /^npm (test|start|run test:all|run lint|run unused|run format|run build|run packages)\b/,
    'a step of .ci/run',
  ],
  [/^npm (start) -- 9000$/, 'examples/test/start.test.ts'],
  [/^npm run docs$/, 'a step of .ci/run'],
  [/^npm run bench(:guard)?( |$)/, 'bench:guard is a step of .ci/run, and the rest takes half an hour'],
  [/^npm run bench:(deflate|micro|slow-reader)/, 'takes minutes'],
  [/^npm run conformance/, 'packages/conformance/test'],
  [/^npm install$/, 'names the command'],
  [/^bash \.ci\/run$/, 'this is a part of it'],
  [/^(docker|kubectl|systemctl|journalctl|nginx|haproxy) /, 'needs a machine of its own'],
  [/^systemd-socket-activate /, 'examples/test/operations.test.ts'],
  [/^node( --import( tsx)?)?( --test)?$/, 'names options'],
  [/^node (--import tsx )?(ticker\.mts|server\.ts)$/, 'a block of the page, or of README.md, has it'],
  [/^npm create/, '.ci/check-packages.mjs'],
  [/^npm run example examples\/simulated-ws-chat\.ts/, 'examples/test/simulated-ws-chat.test.ts'],
  [/^openssl s_client$/, 'names the command'],
  [/^nc /, 'waits for the keyboard'],
]
const PROGRAMS =
  'npm|npx|node|openssl|curl|bash|tsx|docker|kubectl|systemctl|journalctl|systemd-socket-activate|nc'

const pages = process.argv.slice(2)
if (pages.length === 0) {
  pages.push('README.md')
  for (const folder of FOLDERS.filter((name) => existsSync(root + name)))
    for (const name of readdirSync(root + folder)) if (name.endsWith('.md')) pages.push(`${folder}/${name}`)
}
const registry = await serveRegistry(`${root}.pack/`)
const environment = { ...process.env, npm_config_registry: registry.url, npm_config_fund: 'false' }
environment.npm_config_audit = 'false'
const failures = []
let count = 0
for (const page of pages) await checkPage(page)
registry.close()
console.log(`${count} commands typed, ${failures.length} failed`)
for (const failure of failures) console.error(failure)
process.exitCode = failures.length === 0 ? 0 : 1

async function checkPage(page) {
  const text = readFileSync(root + page, 'utf8')
  const project = mkdtempSync(join(tmpdir(), 'ropewalk-page-'))
  const running = []
  try {
    // A page that does not make a package.json is for a project that has one.
    if (!text.includes('npm init'))
      writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n')
    for (const [, program] of text.matchAll(/^```(?:ts|js|json)\n([^]*?)^```$/gm)) {
      const name = /^\/\/ ([\w./-]+\.(?:m?ts|m?js|json))\n/.exec(program)?.[1]
      if (name !== undefined) writeFileSync(join(project, name), program)
    }
    for (const [, info, block] of text.matchAll(/^```sh ?(.*)\n([^]*?)^```$/gm)) {
      if (!info.includes('elsewhere')) await checkBlock(page, info, block, project, running)
    }
    const prose = text.replaceAll(/^```[^]*?^```$/gm, '')
    const inline = new RegExp(`\`((?:${PROGRAMS}) [^\`]+)\``, 'g')
    for (const command of new Set(Array.from(prose.matchAll(inline), (match) => match[1]))) {
      if (ELSEWHERE.every(([pattern]) => !pattern.test(command))) await checkInline(page, command)
    }
  } finally {
    for (const one of running) await stop(page, one)
    rmSync(project, { recursive: true, force: true })
  }
}

async function checkBlock(page, info, block, project, running) {
  let cwd = info.includes('project') ? project : root
  const port = Number(/port=(\d+)/.exec(info)?.[1] ?? 0)
  const commands = block.replaceAll('\\\n', '').split('\n')
  const typed = commands.filter((line) => !/^\s*(#|$)/.test(line))
  for (const line of typed) {
    const [command, comment = ''] = line.trim().split(/\s+# /)
    if (ELSEWHERE.some(([pattern]) => pattern.test(command))) continue
    const one = start(command, cwd)
    await settled(one, port)
    // As in a shell, the next command is typed in the same folder.
    cwd = join(cwd, /\bcd (\S+)$/.exec(command)?.[1] ?? '.')
    if (one.ended === undefined) running.push(one)
    else if (one.ended !== 0) report(page, one, 'succeeds')
    const [, shown] = /^-> (.*)/.exec(comment) ?? []
    if (shown !== undefined && !one.output.includes(shown)) report(page, one, `prints ${shown}`)
  }
}

/** An example of a server runs until Ctrl-C; what ends by itself must succeed. */
async function checkInline(page, command) {
  const one = start(command, root)
  await settled(one)
  if (one.ended === undefined) await stop(page, one)
  else if (one.ended !== 0) report(page, one, 'succeeds')
}

/** Waits until a command has ended, prints its address, or accepts connections at a port. */
async function settled(one, port = 0) {
  const isUp = () => /Press Ctrl-C|Listening on|Open http/.test(one.output)
  for (let waited = 0; waited < 90_000; waited += 50) {
    if (one.ended !== undefined || isUp() || (port > 0 && (await accepts(port)))) return
    await Promise.race([sleep(50), one.closed])
  }
  process.kill(-one.child.pid, 'SIGKILL')
  await one.closed
}

async function accepts(port) {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await new Promise((resolve) => {
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
  })
  socket.destroy()
  return isOpen
}

function start(command, cwd) {
  count += 1
  const child = spawn('bash', ['-c', command], {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const one = { command, child, output: '', ended: undefined }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (one.output += data))
  one.closed = once(child, 'close').then(([code, signal]) => (one.ended = code ?? signal))
  return one
}

/** Presses Ctrl-C. A program that has no port, and npm itself, may end by the signal. */
async function stop(page, one) {
  if (one.ended !== undefined) return report(page, one, 'runs on')
  process.kill(-one.child.pid, 'SIGINT')
  const timer = setTimeout(() => process.kill(-one.child.pid, 'SIGKILL'), 15_000)
  await one.closed
  clearTimeout(timer)
  if (![0, 130, 'SIGINT'].includes(one.ended)) report(page, one, 'stops at Ctrl-C')
}

function report(page, { command, output, ended }, expected) {
  failures.push(
    `${page}: ${command}\n  should be a command that ${expected}; it ended with ${ended}:\n${output}`,
  )
}
