import { fileURLToPath } from 'node:url'
import { SetupError } from './command-line.ts'
import { CURVES } from './curves/curves.ts'
import type { Curve } from './curves/curve.ts'
import { curvesSection } from './curves-section.ts'
import { commitOf, type Environment, environmentOf } from './environment.ts'
import { Installation } from './installation.ts'
import { openFilesLimit } from './open-files.ts'
import { writePage } from './page-files.ts'
import { IS_PINNED } from './pinned-process.ts'
import { isInconclusive, reportOf, type WorkloadReport } from './report.ts'
import { linesOf } from './report-lines.ts'
import {
  areDisturbed,
  checkEnvironment,
  disturbedIn,
  outcomesOf,
  type Results,
  savedResults,
  writeResults,
} from './results.ts'
import { measureRounds } from './rounds.ts'
import { summaryOf } from './verdict.ts'
import { WORKLOADS, type Workload } from './workloads.ts'

/** What a run measures and writes. */
interface RunOptions {
  /** The names of all workloads and curves, in the order of the page. */
  readonly names: readonly string[]
  /** The names of those to measure. */
  readonly wanted: readonly string[]
  readonly rounds: number
  readonly seconds: number
  readonly packed: boolean
  readonly isReported: boolean
  readonly acceptsDisturbed: boolean
}

/** Measures workloads and curves, and writes the results after each of them. */
export class Run {
  readonly #options: RunOptions
  readonly #environment: Environment = environmentOf()
  #workloads: Results['workloads'] = {}
  #curves: Results['curves'] = {}
  #leftOut = new Set<string>()
  readonly #failed: string[] = []
  #done = 0
  readonly #startMs = performance.now()

  constructor(options: RunOptions) {
    this.#options = options
  }

  /**
   * Measures. What cannot be measured in two attempts is printed, and the run goes on with the next.
   *
   * @throws {SetupError} before the work, when something is missing or earlier results are of another environment.
   */
  async measure(): Promise<void> {
    const { wanted, isReported, packed } = this.#options
    if (isReported) this.#readEarlier()
    if (!IS_PINNED)
      console.error('Nothing is pinned to a core: this needs taskset, and two cores. Ratios are less steady.')
    const installation = Installation.prepare({ peers: true, packed })
    for (const workload of WORKLOADS.filter(({ name }) => wanted.includes(name)))
      await this.#attempt(workload.name, () => this.#measureWorkload(workload, installation))
    for (const curve of CURVES.filter(({ name }) => wanted.includes(name)))
      await this.#attempt(curve.name, () => this.#measureCurve(curve, installation))
    this.#conclude()
  }

  /**
   * Writes the page from the results that are saved.
   *
   * @throws {SetupError} when there are none, or they are disturbed.
   */
  writePage(): void {
    const results = savedResults(RESULTS)
    if (results === undefined) throw new SetupError(`There are no results in ${RESULTS}`)
    if (areDisturbed(results) && !this.#options.acceptsDisturbed) throw new SetupError(refusal(results))
    writePage(results)
  }

  /** What came of the run until now, for Ctrl-C. */
  interrupted(): string {
    const { wanted, isReported } = this.#options
    const saved = isReported ? 'their results are saved' : 'nothing is written'
    return `${this.#done} of ${wanted.length} workloads and curves are measured, ${saved}`
  }

  /** The results to which those of this run are added. A whole run replaces all. */
  #readEarlier(): void {
    const { names, wanted } = this.#options
    const earlier = savedResults(RESULTS)
    if (earlier === undefined || names.every((name) => wanted.includes(name))) return
    checkEnvironment(earlier.environment, this.#environment)
    this.#workloads = earlier.workloads
    this.#curves = earlier.curves
  }

  async #attempt(name: string, measure: () => Promise<void>): Promise<void> {
    this.#leftOut = new Set()
    try {
      await measure().catch((error: unknown) => {
        console.error(error, `\n${name} is measured again`)
        return measure()
      })
    } catch (error) {
      console.error(error)
      this.#failed.push(name)
    }
    this.#done += 1
    if (this.#options.isReported) this.#save()
  }

  async #measureWorkload(workload: Workload, installation: Installation): Promise<void> {
    const { rounds, seconds, acceptsDisturbed, isReported } = this.#options
    const options = { rounds, warmUpMs: WARM_UP_MS, durationMs: seconds * 1000 }
    const once = async (): Promise<WorkloadReport> =>
      reportOf(workload, await measureRounds(workload, installation, options, this.#observer()))
    let report = await once()
    if (isInconclusive(report)) {
      console.error(`${workload.name} is measured again: other programs used the cores`)
      report = await once()
    }
    for (const line of linesOf(report)) console.log(line)
    const earlier = this.#workloads[workload.name]
    if (isInconclusive(report)) {
      console.error(`${workload.name} is inconclusive: other programs used the cores`)
      if (isReported && earlier !== undefined && !isInconclusive(earlier) && !acceptsDisturbed) {
        console.error('The earlier result is kept; --accept-disturbed replaces it')
        return
      }
    }
    const how = { ...this.#provenance(), rounds, seconds: [seconds] }
    this.#workloads = { ...this.#workloads, [workload.name]: { ...report, ...how } }
  }

  async #measureCurve({ name, measure }: Curve, installation: Installation): Promise<void> {
    const report = await measure({
      installation,
      rounds: Math.min(this.#options.rounds, CURVE_ROUNDS),
      openFiles: openFilesLimit(),
      observer: this.#observer(),
    })
    console.log(`${curvesSection({ [name]: report })}\n`)
    this.#curves = { ...this.#curves, [name]: { ...report, ...this.#provenance() } }
  }

  #observer(): Parameters<typeof measureRounds>[3] {
    const place = `[${this.#done + 1}/${this.#options.wanted.length}]`
    return {
      measuring: (what) => console.error(`${place} ${what}`),
      missing: (server) => {
        if (!this.#leftOut.has(server)) console.error(`${server} is left out: it is not installed`)
        this.#leftOut.add(server)
      },
    }
  }

  #provenance(): { readonly date: string; readonly commit: string; readonly leftOut: readonly string[] } {
    const date = new Date().toISOString().slice(0, 10)
    return { date, commit: commitOf() ?? 'unknown', leftOut: [...this.#leftOut] }
  }

  #results(): Results {
    return {
      environment: this.#environment,
      workloads: this.#inOrder(this.#workloads),
      curves: this.#inOrder(this.#curves),
    }
  }

  /** In the order of the page, which a partial run must not change. */
  #inOrder<Report>(all: Readonly<Record<string, Report>>): Record<string, Report> {
    const { names } = this.#options
    return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])))
  }

  #save(): void {
    const results = this.#results()
    writeResults(RESULTS, results)
    if (!areDisturbed(results) || this.#options.acceptsDisturbed) writePage(results)
  }

  #conclude(): void {
    const results = this.#results()
    const { isReported, acceptsDisturbed } = this.#options
    console.log(summaryOf(outcomesOf(results).map(([, outcome]) => outcome)))
    console.error(`Measured in ${((performance.now() - this.#startMs) / 60_000).toFixed(1)} minutes`)
    if (this.#failed.length > 0) {
      console.error(`Not measured: ${this.#failed.join(', ')}; the reasons are above`)
      process.exitCode = 1
    }
    if (isReported && areDisturbed(results) && !acceptsDisturbed) throw new SetupError(refusal(results))
  }
}

function refusal(results: Results): string {
  return (
    `The page is not written, because other programs used the cores in ${disturbedIn(results).join(', ')}. ` +
    'Measure them again with --only on a quiet machine, or write the page as it is: ' +
    'npm run bench -- --page --accept-disturbed'
  )
}

const RESULTS = fileURLToPath(new URL('../../../docs/performance/results.json', import.meta.url))
const WARM_UP_MS = 500
/** What a curve shows is plain with fewer rounds than a ratio needs. */
const CURVE_ROUNDS = 3
