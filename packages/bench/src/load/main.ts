// The load process: opens one load, and measures with it as often as its parent asks. Started by LoadProcess.
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSecondsOf } from '../process-usage.ts'
import { LOADS, type LoadSpec } from './kinds.ts'
import type { Load } from './load.ts'
import type { Figures, LoadReply, LoadRequest, Measurement } from './messages.ts'

const open: { load?: Load } = {}

process.on('message', (request: LoadRequest) => {
  void reply(request).then((message) => process.send?.(message))
})
process.on('disconnect', () => process.exit())

async function reply(request: LoadRequest): Promise<LoadReply> {
  if (request.type === 'open') {
    open.load = await create(request.load)
    await open.load.open()
    return { type: 'opened' }
  }
  if (open.load === undefined) throw new Error('Cannot measure before a load is open')
  return { type: 'measured', figures: await measured(open.load, request) }
}

/** TypeScript does not see that the options are of the kind: `LoadSpec` holds that. */
async function create({ kind, options }: LoadSpec): Promise<Load> {
  const constructor = LOADS[kind] as (options: LoadSpec['options']) => Load | Promise<Load>
  return constructor(options)
}

/** CPU time of the server is read at the moments when requests are, in the same turn. */
async function measured(load: Load, { warmUpMs, durationMs, serverPid }: Measurement): Promise<Figures> {
  load.start()
  await sleep(warmUpMs)
  load.latencies.clear()
  const begin = countersOf(load, serverPid)
  await sleep(durationMs)
  const end = countersOf(load, serverPid)
  const p50Ms = load.latencies.percentile(0.5)
  const p99Ms = load.latencies.percentile(0.99)
  await load.pause()
  return {
    requests: end.requests - begin.requests,
    seconds: end.seconds - begin.seconds,
    cpuSeconds: end.cpuSeconds - begin.cpuSeconds,
    loadCPUSeconds: end.loadCPUSeconds - begin.loadCPUSeconds,
    p50Ms,
    p99Ms,
  }
}

function countersOf({ requests }: Load, serverPid: number): Omit<Figures, 'p50Ms' | 'p99Ms'> {
  const { user, system } = process.cpuUsage()
  return {
    requests,
    seconds: performance.now() / 1000,
    cpuSeconds: cpuSecondsOf(serverPid),
    loadCPUSeconds: (user + system) / 1e6,
  }
}
