import type { ComparisonReport } from '../curve-report.ts'
import type { LoadKinds } from '../load/kinds.ts'
import { comparisonOf } from '../report.ts'
import { measureRounds, type RoundOptions, type Rounds } from '../rounds.ts'
import type { Server } from '../servers.ts'
import { median } from '../statistics.ts'
import { server } from './compared.ts'
import { type Outcome, verdictOn } from '../verdict.ts'
import { type Curve, type CurveContext, tooMany } from './curve.ts'

const TOPICS = server('Ropewalk, Topics', 'broadcast-ropewalk-topics')
const LOOP = server('Ropewalk, a loop', 'broadcast-ropewalk')
const WS = server('ws', 'broadcast-ws')

/** One message to many WebSockets, of which some may not read. */
export const BROADCASTS: readonly Curve[] = [
  curve({
    name: 'broadcast-64',
    title: 'Broadcast of 64 bytes to 10 000 WebSockets',
    about: 'One client sends a message, which the server sends to all, and the next when all have it.',
    servers: [TOPICS, LOOP, WS],
    load: { connections: 10_000, silent: 0, bytes: 64, burst: 1 },
    target: 3,
    durationMs: 2000,
  }),
  curve({
    name: 'broadcast-burst',
    title: 'Broadcast of 64 bytes to 10 000 WebSockets, 16 messages at once',
    about:
      'The client sends 16 messages in one write, as many clients do in one turn of the event loop of a busy server.',
    servers: [TOPICS, LOOP, WS],
    load: { connections: 10_000, silent: 0, bytes: 64, burst: 16 },
    durationMs: 2000,
  }),
  curve({
    name: 'broadcast-slow',
    title: 'Broadcast of 64 bytes to 10 000 WebSockets, of which 1 000 do not read',
    about: 'As the first; all that read must have a message before the next.',
    servers: [TOPICS, WS],
    load: { connections: 10_000, silent: 1000, bytes: 64, burst: 1 },
    durationMs: 2000,
  }),
  curve({
    name: 'broadcast-slow-64k',
    title: 'Broadcast of 64 KiB to 200 WebSockets, of which 20 do not read, for 10 seconds',
    about:
      'Once the buffers of the kernel are full, Topics skips what a slow client does not read. ' +
      'A loop with `ws` queues it.',
    servers: [TOPICS, WS],
    load: { connections: 200, silent: 20, bytes: 65_536, burst: 1 },
    durationMs: 10_000,
    rounds: 1,
  }),
]

/** A broadcast that is measured. */
interface Measured extends Pick<RoundOptions, 'durationMs'>, Partial<Pick<RoundOptions, 'rounds'>> {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly servers: readonly Server[]
  readonly load: Omit<LoadKinds['broadcast'], 'port'>
  /** How many times the messages of ws the first server must send. */
  readonly target?: number
}

function curve(broadcast: Measured): Curve {
  return { name: broadcast.name, measure: (context) => measure(broadcast, context) }
}

async function measure(
  { name, title, about, servers, load, durationMs, target, ...own }: Measured,
  { installation, openFiles, observer, ...given }: CurveContext,
): Promise<ComparisonReport> {
  const rounds = own.rounds ?? given.rounds
  const refusal = tooMany(load.connections, openFiles)
  const measured =
    refusal === undefined
      ? await measureRounds(
          {
            name,
            about,
            servers,
            load: (port) => ({ kind: 'broadcast', options: { ...load, port } }),
            targets: [],
          },
          installation,
          { rounds, warmUpMs: WARM_UP_MS, durationMs },
          observer,
        )
      : []
  return {
    kind: 'comparison',
    title,
    about,
    figures: FIGURES,
    rows: rowsOf(measured),
    remarks: refusal === undefined ? [] : [refusal],
    targets: target === undefined ? [] : outcomesOf(measured, target),
    rounds,
    seconds: [durationMs / 1000],
  }
}

function outcomesOf(rounds: readonly Rounds[], target: number): readonly Outcome[] {
  const [ours, ws] = [rounds[0], rounds.at(-1)]
  if (ours === undefined || ws === undefined) return []
  const { requestsPerCPUSecond, isInconclusive } = comparisonOf(ours.measured, ws.measured)
  return [
    {
      target: `≥ ${target} × ws`,
      reached: requestsPerCPUSecond.median.toFixed(2),
      verdict: verdictOn(requestsPerCPUSecond.median, 'least', target, isInconclusive),
    },
  ]
}

const FIGURES: ComparisonReport['figures'] = [
  { label: 'Messages per CPU second', unit: 'count' },
  { label: 'Relative to ws', unit: 'ratio' },
  { label: 'Messages received per second', unit: 'count' },
  { label: 'Time until all have it', unit: 'ms' },
  { label: 'Peak memory', unit: 'bytes' },
]

function rowsOf(rounds: readonly Rounds[]): ComparisonReport['rows'] {
  const ws = rounds.at(-1)?.measured ?? []
  return rounds.map((one) => ({
    server: one.server.name,
    values: [
      Math.round(median(one.measured.map(({ requests, cpuSeconds }) => requests / cpuSeconds))),
      comparisonOf(one.measured, ws).requestsPerCPUSecond.median,
      Math.round(median(one.measured.map(({ requests, seconds }) => requests / seconds))),
      Number(median(one.measured.map(({ p50Ms }) => p50Ms)).toFixed(2)),
      median(one.measured.map(({ peakBytes }) => peakBytes)),
    ],
  }))
}

const WARM_UP_MS = 700
