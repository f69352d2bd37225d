// A chat with plain `ws`, whose server and clients know nothing of Ropewalk, on a simulated network with faults. The
// clients connect again when they lose their connection. Every client must be shown each line once.
//
//   node --import tsx simulated-ws-chat.ts
//       finds the bug: prints a seed and the fault that it needs, draws the run in examples/__failures__, exits with 1
//   node --import tsx simulated-ws-chat.ts --mended
//       passes 500 seeds, and exits with 0
import { fileURLToPath } from 'node:url'
import { simulateAll, type Simulation } from '@ropewalk/simulation'
import { install } from '@ropewalk/simulation/node'
import type { WebSocket as Socket } from 'ws'

// Before the libraries of the programs are loaded, because they may keep functions of Node in variables.
install()
const { WebSocket, WebSocketServer } = await import('ws')

interface Line {
  readonly from: string
  /** Counts the lines of one client. */
  readonly number: number
}

/** What a client sends: a line, or how many lines it has been shown, once it is connected. */
type Sent = Line | { readonly shown: number }

function startServer(isMended: boolean): void {
  const lines: Line[] = []
  const joined = new Set<Socket>()
  const add = (line: Line): void => {
    // The bug: a client sends a line again if it lost its connection before the line came back.
    if (isMended && lines.some(({ from, number }) => from === line.from && number === line.number)) return
    lines.push(line)
    for (const socket of joined) socket.send(JSON.stringify(line))
  }
  new WebSocketServer({ port: 80 }).on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('close', () => joined.delete(socket))
    socket.on('message', (data: Buffer) => {
      const sent = JSON.parse(data.toString()) as Sent
      if (!('shown' in sent)) return add(sent)
      for (const line of lines.slice(sent.shown)) socket.send(JSON.stringify(line))
      joined.add(socket)
    })
  })
}

/** Sends five lines, and puts those it is shown into `shown`. */
function startClient(name: string, shown: string[]): void {
  const unconfirmed = new Map<number, Line>()
  let socket = connect()

  function connect(): Socket {
    const connecting = new WebSocket('ws://server/', { handshakeTimeout: 2_000 })
    const send = (sent: Sent): void => connecting.send(JSON.stringify(sent))
    let isAlive = true
    const heartbeat = setInterval(() => {
      if (!isAlive) return connecting.terminate()
      isAlive = false
      if (connecting.readyState === WebSocket.OPEN) connecting.ping()
    }, 3_000)
    connecting.on('pong', () => (isAlive = true))
    connecting.on('error', () => undefined)
    connecting.on('open', () => {
      send({ shown: shown.length })
      for (const line of unconfirmed.values()) send(line)
    })
    connecting.on('message', (data: Buffer) => {
      const { from, number } = JSON.parse(data.toString()) as Line
      shown.push(`${from} ${number}`)
      if (from === name) unconfirmed.delete(number)
    })
    connecting.on('close', () => {
      clearInterval(heartbeat)
      setTimeout(() => (socket = connect()), 500)
    })
    return connecting
  }

  let number = 0
  const speaking = setInterval(() => {
    const line = { from: name, number: ++number }
    unconfirmed.set(number, line)
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(line))
    if (number === 5) clearInterval(speaking)
  }, 1_000)
}

/** One run. It fails when a client is shown a line twice, or never. */
async function evening(sim: Simulation, isMended: boolean): Promise<void> {
  const names = ['ann', 'bob', 'cleo']
  const shownTo = new Map(names.map((name) => [name, [] as string[]]))
  sim.node('server', () => startServer(isMended))
  for (const [name, shown] of shownTo) sim.node(name, () => startClient(name, shown))
  const all = [...shownTo.values()]
  sim.always('no client is shown a line twice', () =>
    all.every((shown) => new Set(shown).size === shown.length),
  )
  sim.eventually('every client is shown every line', () => all.every(({ length }) => length === 15))
  sim.injectFaults({ withinMs: 8_000, kinds: ['partition', 'one way', 'reset', 'hold', 'stand still'] })
  await sim.run(60_000)
}

const isMended = process.argv.includes('--mended')
try {
  const diagrams = fileURLToPath(new URL('__failures__', import.meta.url))
  const options = { runs: isMended ? 500 : 200, diagrams, title: 'simulated-ws-chat' }
  const { runs, faults } = await simulateAll((sim) => evening(sim, isMended), options)
  console.log(`${runs} runs, in which every client was shown each line once. The faults:`, faults)
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
