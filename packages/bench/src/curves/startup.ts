import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ComparisonReport } from '../curve-report.ts'
import { formatted } from '../drawing/units.ts'
import type { Installation } from '../installation.ts'
import { median } from '../statistics.ts'
import { verdictOn } from '../verdict.ts'
import type { Curve, CurveContext } from './curve.ts'

/** How long a process takes that only imports a package, and what it loads. */
export const STARTUP: Curve = { name: 'startup', measure: measureStartup }

async function measureStartup({ installation, observer }: CurveContext): Promise<ComparisonReport> {
  const times = PROGRAMS.map((): number[] => [])
  for (let round = 0; round < PROCESSES; round++) {
    observer.measuring(`startup, round ${round + 1} of ${PROCESSES}`)
    for (const [at, args] of PROGRAMS.entries()) times[at]?.push(msOf(args, installation))
  }
  const emptyMs = median(times[0] ?? [])
  const rows = PROGRAMS.map((args, at) => rowOf(args, median(times[at] ?? []), emptyMs, installation))
  const reachedMs = rows[1]?.values[1] ?? Number.NaN
  return {
    kind: 'comparison',
    title: 'Startup',
    about: `A process that imports a package and ends, in turn with an empty program.`,
    figures: [
      { label: 'Whole process', unit: 'ms' },
      { label: 'More than the empty one', unit: 'ms' },
      { label: 'Files loaded', unit: 'count' },
      { label: 'Modules of Node loaded', unit: 'count' },
    ],
    rows,
    remarks: [],
    targets: [
      {
        target: `≤ ${TARGET_MS} ms more than an empty program`,
        reached: formatted(reachedMs, 'ms'),
        verdict: verdictOn(reachedMs, 'most', TARGET_MS),
      },
    ],
    rounds: PROCESSES,
    seconds: [],
  }
}

function rowOf(
  [name]: readonly string[],
  ms: number,
  emptyMs: number,
  installation: Installation,
): ComparisonReport['rows'][number] {
  const isEmpty = name === undefined
  return {
    server: isEmpty ? 'an empty program' : `\`import '${name}'\``,
    values: [
      Number(ms.toFixed(1)),
      Number((ms - emptyMs).toFixed(1)),
      isEmpty ? 0 : filesLoaded(name, installation).length,
      isEmpty ? 0 : nodeModulesLoaded(name, installation).length,
    ],
  }
}

function msOf(args: readonly string[], installation: Installation): number {
  const begin = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [installation.server('import.mjs'), ...args])
  if (status !== 0) throw new Error(`Cannot import ${args.join(' ')}: ${stderr.toString()}`)
  return performance.now() - begin
}

/** The files of packages that an import loads, which Node notes with the coverage of their code. */
function filesLoaded(name: string, installation: Installation): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'startup-'))
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: folder }
    spawnSync(process.execPath, [installation.server('import.mjs'), name], { env })
    return readdirSync(folder).flatMap((file) => {
      const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        readonly result: readonly { readonly url: string }[]
      }
      return result.map(({ url }) => url).filter((url) => url.includes('/node_modules/'))
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function nodeModulesLoaded(name: string, installation: Installation): readonly string[] {
  const { stdout } = spawnSync(process.execPath, [installation.server('loaded-modules.mjs'), name])
  return JSON.parse(stdout.toString()) as readonly string[]
}

const PROGRAMS: readonly (readonly string[])[] = [[], ['@ropewalk/websocket'], ['ws'], ['fastify']]
const PROCESSES = 20
const TARGET_MS = 40
