import type { Pair } from './guard-check.ts'
import type { Installation } from './installation.ts'
import type { LoadSpec } from './load/kinds.ts'
import { clientFrame } from './load/websocket-frames.ts'
import { WORKLOADS, type Workload } from './workloads.ts'

/** The pairs that the guard checks: ours, and node:net with as many bytes and writes. */
export function guardPairs(installation: Installation): readonly Pair[] {
  return WORKLOADS.filter(({ name }) => GUARDED.has(name)).map((workload) => pairOf(workload, installation))
}

function pairOf({ name, load, servers }: Workload, installation: Installation): Pair {
  const command = (file: string) => (port: number) => [
    process.execPath,
    installation.server(file),
    String(port),
  ]
  const reference = command(load(0).kind === 'http-get' ? 'http-node-net.mjs' : 'tcp-node-net.mjs')
  return {
    name,
    ours: { command: command(servers[0]?.file ?? ''), load },
    reference: {
      command: (port) => [...KEEPS_HEAP, ...reference(port)],
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

/**
 * A reference must be steady. Without this, plain node:net gives memory back to the system and takes it again, in
 * some processes with each message of 16 KiB and in others never; docs/decisions/0011-keeping-the-heap.md.
 */
const KEEPS_HEAP = ['env', 'MALLOC_TRIM_THRESHOLD_=134217728']
const GUARDED = new Set([
  'tcp-ping',
  'tcp-pipe',
  'tcp-16k',
  'http-keepalive',
  'http-pipelined',
  'ws-ping',
  'ws-pipe',
  'ws-16k',
])
