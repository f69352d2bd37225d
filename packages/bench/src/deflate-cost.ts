// What the compression of WebSockets costs an echo server, for messages of 1 KiB of JSON, and for several options.
// Usage: npm run bench:deflate -- [--packed]
import { setTimeout as sleep } from 'node:timers/promises'
import { flag, runProgram } from './command-line.ts'
import { Installation } from './installation.ts'
import type { Figures } from './load/messages.ts'
import { LoadProcess } from './load-process.ts'
import { ServerProcess } from './server-process.ts'
import { median } from './statistics.ts'

/** A row: its name, and the arguments of the server. */
const CASES: readonly (readonly [string, ...string[]])[] = [
  ['no compression'],
  ['default options', 'deflate'],
  ['level: 1', 'deflate', '{"level":1}'],
  ['clientContextTakeover: false', 'deflate', '{"clientContextTakeover":false}'],
  ['serverContextTakeover: false', 'deflate', '{"serverContextTakeover":false}'],
  ['a compressor for each connection', 'deflate', '{"maxDeflaters":100000}'],
]
const MESSAGE_BYTES = 1024
/** For CPU time. */
const BUSY = { connections: 50, inFlight: 4 }
/** For memory: the first connections, for which code is compiled and the heap grows, are not counted. */
const FIRST_CONNECTIONS = 1000
const COUNTED_CONNECTIONS = 4000
/** Each figure is their median. */
const ROUNDS = 3
const WARM_UP_MS = 1000
const DURATION_MS = 2000
const SETTLE_MS = 500

await runProgram(
  {
    command: 'npm run bench:deflate',
    about: ['Measures CPU time, bytes and memory of a server that compresses messages of 1 KiB of JSON.'],
    options: { packed: flag('Uses the packages in .pack/ as they are, without building them.') },
  },
  async ({ packed }) => {
    const installation = Installation.prepare({ peers: false, packed })
    console.log(row('', ['µs of CPU', 'bytes', 'KiB']))
    for (const [name, ...args] of CASES) {
      const [cpu, bytes, memory]: [number[], number[], number[]] = [[], [], []]
      for (let round = 0; round < ROUNDS; round++) {
        const { requests, replyBytes, cpuSeconds } = await throughputOf(args, installation)
        cpu.push((cpuSeconds / requests) * 1e6)
        bytes.push(replyBytes / requests)
        memory.push((await bytesOfConnection(args, installation)) / 1024)
      }
      console.log(row(name, [median(cpu).toFixed(1), median(bytes).toFixed(0), median(memory).toFixed(1)]))
    }
  },
)

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(34) + cells.map((cell) => cell.padStart(12)).join('')
}

async function throughputOf(args: readonly string[], installation: Installation): Promise<Figures> {
  const server = await start(args, installation)
  const load = await connect(server, args, BUSY, installation)
  try {
    return await load.measure({ warmUpMs: WARM_UP_MS, durationMs: DURATION_MS, serverPid: server.pid })
  } finally {
    await load.stop()
    await server.stop()
  }
}

/** Resident memory for each connection that has exchanged messages and is idle, after a collection of garbage. */
async function bytesOfConnection(args: readonly string[], installation: Installation): Promise<number> {
  const server = await start(args, installation)
  const loads: LoadProcess[] = []
  const exchange = async (connections: number): Promise<number> => {
    const load = await connect(server, args, { connections, inFlight: 1 }, installation)
    loads.push(load)
    await load.measure({ warmUpMs: 0, durationMs: DURATION_MS, serverPid: server.pid })
    process.kill(server.pid, 'SIGUSR2')
    await sleep(SETTLE_MS)
    return server.residentBytes()
  }
  try {
    const before = await exchange(FIRST_CONNECTIONS)
    return ((await exchange(COUNTED_CONNECTIONS)) - before) / COUNTED_CONNECTIONS
  } finally {
    for (const load of loads) await load.stop()
    await server.stop()
  }
}

function start(args: readonly string[], installation: Installation): Promise<ServerProcess> {
  const collects = ['--expose-gc', '--import', installation.server('collect-on-signal.mjs')]
  const program = installation.server('websocket-ropewalk.mjs')
  return ServerProcess.start((port) => [process.execPath, ...collects, program, String(port), ...args])
}

function connect(
  { port }: ServerProcess,
  args: readonly string[],
  size: typeof BUSY,
  installation: Installation,
): Promise<LoadProcess> {
  const options = { ...size, port, bytes: MESSAGE_BYTES }
  return LoadProcess.start(
    installation.loadProgram,
    args.length > 0
      ? { kind: 'deflated-echo', options }
      : { kind: 'websocket-echo', options: { ...options, text: true } },
  )
}
