// Ropewalk against plain node:net, on built code:
//
//   npm run bench --prefix packages/core
//
// Each server runs in a separate process, started anew for every round. The rounds alternate between the servers, and
// medians are compared. A ratio above 1 is in Ropewalk's favour. The benchmark measures the server's CPU time, because
// elapsed time means little on a busy machine.
//
// Results of plain node:net vary by a third in tcp-16k with the layout of its heap: see docs/decisions/0011.
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Load, type Shape } from './load.ts'
import { ServerProcess } from './server-process.ts'

const SHAPES: Readonly<Record<string, Shape>> = {
  'tcp-ping': { connections: 50, pipeline: 1, bytes: 64 },
  'tcp-pipe': { connections: 50, pipeline: 16, bytes: 64 },
  'tcp-16k': { connections: 10, pipeline: 4, bytes: 16_384 },
}
const SERVERS = ['echo-ropewalk', 'echo-node-net'] as const
const ROUNDS = 5
const WARM_UP_MS = 500
const ROUND_MS = 1500
const IDLE_CONNECTIONS = 10_000

console.log(`${'requests per second of CPU'.padEnd(30)}Ropewalk    node:net   ratio`)
for (const [name, shape] of Object.entries(SHAPES)) {
  const [ours, theirs] = await alternately((server) => requestsPerCPUSecond(server, shape))
  console.log(row(name, Math.round(ours), Math.round(theirs), ours / theirs))
}

const count = Math.min(IDLE_CONNECTIONS, Math.floor(descriptorLimit() * 0.9) - 100)
if (count < IDLE_CONNECTIONS)
  console.log(`A process can have only ${descriptorLimit()} descriptors: measuring ${count} connections.`)
const [ours, theirs] = await alternately((server) => bytesPerIdleConnection(server, count))
console.log(`${'bytes of memory'.padEnd(30)}Ropewalk    node:net   ratio`)
console.log(row(`each of ${count} idle`, Math.round(ours), Math.round(theirs), ours / theirs))

/** Measures both servers in turn and returns their medians. */
async function alternately(measure: (server: string) => Promise<number>): Promise<[number, number]> {
  const measured: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    measured[0].push(await measure(SERVERS[0]))
    measured[1].push(await measure(SERVERS[1]))
  }
  return [median(measured[0]), median(measured[1])]
}

async function requestsPerCPUSecond(name: string, shape: Shape): Promise<number> {
  const server = await ServerProcess.start(name)
  const load = await Load.start(server.port, shape)
  await sleep(WARM_UP_MS)
  const before = { messages: load.messages, ...(await server.usage()) }
  await sleep(ROUND_MS)
  const after = { messages: load.messages, ...(await server.usage()) }
  load.stop()
  await server.stop()
  return (after.messages - before.messages) / ((after.cpuMs - before.cpuMs) / 1000)
}

async function bytesPerIdleConnection(name: string, connections: number): Promise<number> {
  const server = await ServerProcess.start(name, { exposeGC: true })
  const before = await server.usage()
  const clients = fork(
    new URL('idle-clients.mjs', import.meta.url),
    [String(server.port), String(connections)],
    { execArgv: [] },
  )
  const [outcome] = (await once(clients, 'message')) as [{ error?: string }]
  if (outcome.error !== undefined) throw new Error(`Cannot open ${connections} connections: ${outcome.error}`)
  let after = await server.usage()
  while (after.connections < connections) after = await server.usage()
  clients.disconnect()
  await server.stop()
  return (after.rssBytes - before.rssBytes) / connections
}

/** Returns the hard limit, to which Node raises the soft limit at its start; Windows has no limit. */
function descriptorLimit(): number {
  if (process.platform === 'win32') return Infinity
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  return limit === 'unlimited' ? Infinity : Number(limit)
}

function row(name: string, one: number, other: number, ratio: number): string {
  return `  ${name.padEnd(24)}${String(one).padStart(12)}${String(other).padStart(12)}${ratio.toFixed(2).padStart(8)}`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
