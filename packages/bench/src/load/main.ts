// The load process: opens one load, and measures with it as often as its parent asks. Started by LoadProcess.
import { setTimeout as sleep } from 'node:timers/promises'
import { coreSecondsOf, cpuSecondsOf } from '../process-usage.ts'
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
async function measured(load: Load, measurement: Measurement): Promise<Figures> {
  const { warmUpMs, durationMs, cores } = measurement
  load.start()
  await sleep(warmUpMs)
  load.latencies.clear()
  const begin = countersOf(load, measurement)
  await sleep(durationMs)
  const end = countersOf(load, measurement)
  const p50Ms = load.latencies.percentile(0.5)
  const p99Ms = load.latencies.percentile(0.99)
  await load.pause()
  const [cpuSeconds, loadCPUSeconds] = [
    end.cpuSeconds - begin.cpuSeconds,
    end.loadCPUSeconds - begin.loadCPUSeconds,
  ]
  const others = Math.max(
    end.serverCoreSeconds - begin.serverCoreSeconds - cpuSeconds,
    end.loadCoreSeconds - begin.loadCoreSeconds - loadCPUSeconds,
  )
  return {
    requests: end.requests - begin.requests,
    replyBytes: end.bytesReceived - begin.bytesReceived,
    seconds: end.seconds - begin.seconds,
    cpuSeconds,
    loadCPUSeconds,
    ...(cores === undefined ? {} : { othersSeconds: Math.max(0, others) }),
    p50Ms,
    p99Ms,
  }
}

/** Counters that only grow. */
interface Counters {
  readonly requests: number
  readonly bytesReceived: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly loadCPUSeconds: number
  readonly serverCoreSeconds: number
  readonly loadCoreSeconds: number
}

function countersOf({ requests, bytesReceived }: Load, { serverPid, cores }: Measurement): Counters {
  const { user, system } = process.cpuUsage()
  return {
    requests,
    bytesReceived,
    seconds: performance.now() / 1000,
    cpuSeconds: cpuSecondsOf(serverPid),
    loadCPUSeconds: (user + system) / 1e6,
    serverCoreSeconds: cores === undefined ? 0 : coreSecondsOf(cores.server),
    loadCoreSeconds: cores === undefined ? 0 : coreSecondsOf(cores.load),
  }
}
