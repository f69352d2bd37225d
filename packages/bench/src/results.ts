import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { SetupError } from './command-line.ts'
import type { CurveReport } from './curve-report.ts'
import type { Environment } from './environment.ts'
import { isInconclusive, type WorkloadReport } from './report.ts'
import type { Outcome } from './verdict.ts'

/** What `docs/performance/results.json` holds: all that the page and its drawings are made from. */
export interface Results {
  readonly environment: Environment
  /** By the name of the workload. */
  readonly workloads: Readonly<Record<string, Measured<WorkloadReport>>>
  /** By the name of the curve. */
  readonly curves: Readonly<Record<string, Measured<CurveReport>>>
}

/** A report, with how it was made. */
export type Measured<Report> = Report & HowMeasured

/** When, how often and how long something was measured, and of which commit. */
export interface HowMeasured {
  /** As `2026-11-28`. */
  readonly date: string
  readonly commit: string
  readonly rounds: number
  /** How long a round counted requests; several times when that depends on the load, and none for memory. */
  readonly seconds: readonly number[]
  /** The servers that were not measured, because they are not installed. */
  readonly leftOut: readonly string[]
}

/** The targets of all workloads and curves, with their names. */
export function outcomesOf({
  workloads,
  curves,
}: Pick<Results, 'workloads' | 'curves'>): readonly (readonly [string, Outcome])[] {
  return [...Object.entries(workloads), ...Object.entries(curves)].flatMap(([name, { targets }]) =>
    targets.map((outcome) => [name, outcome] as const),
  )
}

/** The names of the workloads that other programs disturbed. */
export function disturbedIn({ workloads }: Results): readonly string[] {
  return Object.entries(workloads).flatMap(([name, report]) => (isInconclusive(report) ? [name] : []))
}

/** Whether other programs disturbed so many workloads, a quarter or more, that no page should show the results. */
export function areDisturbed(results: Results): boolean {
  return disturbedIn(results).length * 4 >= Math.max(1, Object.keys(results.workloads).length)
}

/** The results of an earlier run; undefined when there was none. */
export function savedResults(path: string): Results | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Results) : undefined
}

/**
 * Checks that results of this environment can be added to earlier ones.
 *
 * @throws {SetupError} with what differs, when they were measured in another one.
 */
export function checkEnvironment(earlier: Environment, now: Environment): void {
  const [before, after] = [flat(earlier), flat(now)]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const differing = names.filter((name) => before[name] !== after[name])
  if (differing.length === 0) return
  const changes = differing.map(
    (name) => `${name} ${before[name] ?? 'absent'}, now ${after[name] ?? 'absent'}`,
  )
  throw new SetupError(
    `Cannot add to results of another environment (${changes.join('; ')}): ` +
      'run everything, without --only and --curves, or use --no-report',
  )
}

function flat({ versions, ...machine }: Environment): Readonly<Record<string, string | number | boolean>> {
  return { ...machine, ...versions }
}

/**
 * Writes the results as oxfmt formats them, in a folder that need not exist.
 *
 * @throws {Error} when a number is not finite.
 */
export function writeResults(path: string, results: Results): void {
  const text = JSON.stringify(
    results,
    (name, value: unknown) => {
      if (typeof value === 'number' && !Number.isFinite(value))
        throw new Error(`Cannot write ${value} as ${name} of the results`)
      return value
    },
    2,
  )
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${withShortArrays(text)}\n`)
}

/** Puts each array without objects on one line where it fits, as oxfmt does. */
function withShortArrays(json: string): string {
  return json.replaceAll(/^(.*)\[\n\s+([^[\]{}]*?)\n\s+\](,?)$/gm, (array, key, items: string, comma) => {
    const line = `${key}[${items.replaceAll(/\n\s+/g, ' ')}]${comma}`
    return line.length <= MAX_LINE_LENGTH ? line : array
  })
}

const MAX_LINE_LENGTH = 110
