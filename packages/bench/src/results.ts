import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { CurveReport } from './curve-report.ts'
import type { Environment } from './environment.ts'
import type { WorkloadReport } from './report.ts'

/** What `docs/performance/results.json` holds: all that the page and its drawings are made from. */
export interface Results {
  readonly environment: Environment
  /** By the name of the workload. */
  readonly workloads: Readonly<Record<string, Dated<WorkloadReport>>>
  /** By the name of the curve. */
  readonly curves: Readonly<Record<string, Dated<CurveReport>>>
}

/** When something was measured, and of which commit. */
export type Dated<Report> = Report & {
  /** As `2026-11-28`. */
  readonly date: string
  readonly commit: string
}

/** Adds when a report was made. */
export function dated<Report>(report: Report, commit: string, now: Date): Dated<Report> {
  return { ...report, date: now.toISOString().slice(0, 10), commit }
}

/**
 * The results of an earlier run, to which those of a partial run are added; none when there was no run.
 *
 * @throws {Error} when the earlier run was made in another environment.
 */
export function earlierResults(path: string, environment: Environment): Results {
  if (!existsSync(path)) return { environment, workloads: {}, curves: {} }
  const results = JSON.parse(readFileSync(path, 'utf8')) as Results
  if (!isDeepStrictEqual(results.environment, environment)) {
    throw new Error(
      'Cannot add to results of another machine or of other versions: run everything, without --only, or use --no-report',
    )
  }
  return results
}

/** Writes the results as oxfmt formats them, in a folder that need not exist. */
export function writeResults(path: string, results: Results): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`)
}
