import type { Pair } from './guard-check.ts'
import type { Installation } from './installation.ts'
import type { LoadSpec } from './load/kinds.ts'
import { clientFrame } from './load/websocket-frames.ts'
import { commandOf, KEEPS_HEAP, type Server } from './servers.ts'
import { WORKLOADS, type Workload } from './workloads.ts'

/** The pairs that the guard checks: ours, and node:net with as many bytes and writes. */
export function guardPairs(installation: Installation): readonly Pair[] {
  return WORKLOADS.filter(({ name }) => GUARDED.includes(name)).map((workload) =>
    pairOf(workload, installation),
  )
}

function pairOf({ name, load, servers }: Workload, installation: Installation): Pair {
  const command = (file: string, env: Server['env'] = {}): ((port: number) => readonly string[]) => {
    const found = commandOf({ name: file, file, runtime: 'node', env }, installation)
    if (found === undefined) throw new Error(`Cannot run ${file}`)
    return found
  }
  const reference = load(0).kind === 'http-get' ? 'http-node-net.mjs' : 'tcp-node-net.mjs'
  return {
    name,
    ours: { command: command(servers[0]?.file ?? ''), load },
    reference: {
      // A reference must be steady.
      command: command(reference, KEEPS_HEAP),
      load: (port) => referenceLoad(load(port)),
    },
  }
}

/** node:net has no WebSocket: it echoes the bytes of the frame. */
function referenceLoad(spec: LoadSpec): LoadSpec {
  if (spec.kind !== 'websocket-echo') return spec
  const bytes = clientFrame(Buffer.alloc(spec.options.bytes), { text: false }).length
  return { kind: 'tcp-echo', options: { ...spec.options, bytes } }
}

/** The workloads that the guard checks. */
export const GUARDED: readonly string[] = [
  'tcp-ping',
  'tcp-pipe',
  'tcp-16k',
  'http-keepalive',
  'http-pipelined',
  'ws-ping',
  'ws-pipe',
  'ws-16k',
]
