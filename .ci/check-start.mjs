// Checks that `npm start` serves the page at the address it prints, and stops cleanly at Ctrl-C.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const npm = spawn('npm', ['start', '--silent', '--', 'tcp:0:interface=127.0.0.1'], {
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
})
// A negative process id means the process group.
const group = -(npm.pid ?? 0)
const deadline = setTimeout(() => process.kill(group, 'SIGKILL'), 60_000)
let output = ''
while (!output.includes('Ctrl-C')) output += (await once(npm.stdout, 'data'))[0]
const address = /http:\S+/.exec(output)[0]
const page = await (await fetch(address)).text()
if (!page.includes('<title>Ropewalk</title>'))
  throw new Error(`${address} does not serve the page, but: ${page}`)

// A terminal sends SIGINT to the whole group. `close` is emitted once the program has closed its output too.
// npm itself may end by the signal.
process.kill(group, 'SIGINT')
const [code, signal] = await once(npm, 'close')
clearTimeout(deadline)
if (code !== 0 && signal !== 'SIGINT') throw new Error(`npm start ended with ${code ?? signal} after Ctrl-C`)
console.log(`${address} served its page and stopped`)
