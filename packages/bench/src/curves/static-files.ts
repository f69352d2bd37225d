import { mkdirSync, writeFileSync } from 'node:fs'
import type { LinesReport } from '../curve-report.ts'
import type { Installation } from '../installation.ts'
import { server } from './compared.ts'
import type { Curve, CurveContext } from './curve.ts'
import { throughput } from './throughput.ts'

/** Files of three sizes, beside nginx and the plugin of Fastify. */
export const STATIC_FILES: Curve = {
  name: 'static-files',
  measure(context: CurveContext): Promise<LinesReport> {
    writeFiles(context.installation)
    return CURVE.measure(context) as Promise<LinesReport>
  },
}

/** The sizes, with as many connections as keep a server busy. */
const FILES = [
  { name: '1k.bin', bytes: 1024, connections: 50, durationMs: 700 },
  { name: '100k.bin', bytes: 100 * 1024, connections: 10, durationMs: 700 },
  { name: '100m.bin', bytes: 100 * 1024 * 1024, connections: 2, durationMs: 2500 },
]

const CURVE = throughput({
  name: 'static-files',
  title: 'Static files',
  about: 'GET of a file of 1 KiB over 50 connections, of 100 KiB over 10, and of 100 MiB over 2.',
  x: { label: 'Bytes of the file', unit: 'bytes' },
  y: { label: 'Bytes per CPU second of the server', unit: 'bytes' },
  servers: [
    server('Ropewalk', 'static-ropewalk'),
    server('@fastify/static', 'static-fastify'),
    { name: 'nginx', file: 'static-nginx.sh', runtime: 'nginx' },
  ],
  points: FILES.map(({ name, bytes, connections, durationMs }) => ({
    x: bytes,
    load: (port) => ({
      kind: 'http-get',
      options: { port, connections, inFlight: 1, path: `/${name}`, status: 200 },
    }),
    durationMs,
  })),
  figure: ({ requests, cpuSeconds }, bytes) => (requests * bytes) / cpuSeconds,
})

function writeFiles({ folder }: Installation): void {
  mkdirSync(`${folder}static`, { recursive: true })
  for (const { name, bytes } of FILES) writeFileSync(`${folder}static/${name}`, Buffer.alloc(bytes, CONTENT))
}

const CONTENT = 'Ropes are made in a long and narrow building.\n'
