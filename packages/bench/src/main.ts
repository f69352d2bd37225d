// Measures our packages, built and installed, beside the servers that people would pick instead.
// A run writes docs/performance/results.json, and from it the tables of docs/performance.md and the drawings beside it.
// A part of it (--only, --curves) replaces the results of its workloads and curves.
// Usage: npm run bench -- [--only ws-ping,tcp-sizes] [--curves] [--rounds N] [--seconds S] [--packed] [--no-report]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { CurveReport } from './curve-report.ts'
import { CURVES } from './curves/curves.ts'
import { curvesSection } from './curves-section.ts'
import { commitOf, environmentOf } from './environment.ts'
import { Installation } from './installation.ts'
import { openFilesLimit } from './open-files.ts'
import { writePage } from './page-files.ts'
import { linesOf, reportOf, type WorkloadReport } from './report.ts'
import { type Dated, dated, earlierResults, writeResults } from './results.ts'
import { measureRounds } from './rounds.ts'
import { WORKLOADS } from './workloads.ts'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string' },
    curves: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    packed: { type: 'boolean', default: false },
    report: { type: 'boolean', default: true },
  },
})

const RESULTS = fileURLToPath(new URL('../../../docs/performance/results.json', import.meta.url))
/** What a curve shows is plain with fewer rounds than a ratio needs. */
const CURVE_ROUNDS = 3
const curveNames = CURVES.map(({ name }) => name)
const names = [...WORKLOADS.map(({ name }) => name), ...curveNames]
const only = values.only?.split(',') ?? (values.curves ? curveNames : undefined)
const unknown = only?.filter((name) => !names.includes(name)) ?? []
if (unknown.length > 0) {
  console.error(`There is no workload ${unknown.join(', ')}. These are: ${names.join(' ')}`)
  process.exit(2)
}
const isWanted = ({ name }: { readonly name: string }): boolean => only?.includes(name) ?? true
const installation = Installation.prepare({ peers: true, packed: values.packed })
const environment = environmentOf(installation)
// An earlier run in another environment is noticed before the work.
const earlier = values.report && only !== undefined ? earlierResults(RESULTS, environment) : undefined
const reports: Record<string, Dated<WorkloadReport>> = { ...earlier?.workloads }
const curves: Record<string, Dated<CurveReport>> = { ...earlier?.curves }
const absent = new Set<string>()
const missing = (name: string): void => {
  if (!absent.has(name)) console.log(`${name} is left out: it is not installed`)
  absent.add(name)
}
const rounds = Number(values.rounds)
for (const workload of WORKLOADS.filter(isWanted)) {
  const options = { rounds, warmUpMs: 500, durationMs: Number(values.seconds) * 1000 }
  const report = reportOf(workload, await measureRounds(workload, installation, options, missing))
  for (const line of linesOf(report)) console.log(line)
  reports[workload.name] = dated(report, commitOf() ?? 'unknown', new Date())
}
for (const { name, measure } of CURVES.filter(isWanted)) {
  const context = {
    installation,
    rounds: Math.min(rounds, CURVE_ROUNDS),
    openFiles: openFilesLimit(),
    missing,
  }
  const report = await measure(context)
  console.log(`${curvesSection({ [name]: report })}\n`)
  curves[name] = dated(report, commitOf() ?? 'unknown', new Date())
}
const outcomes = Object.values(reports).flatMap(({ targets }) => targets)
console.log(`${outcomes.filter(({ isMet }) => isMet).length} of ${outcomes.length} targets are met`)
if (values.report) {
  const results = { environment, workloads: inOrder(reports), curves: inOrder(curves) }
  writeResults(RESULTS, results)
  writePage(results)
}

/** In the order of the page, which a partial run must not change. */
function inOrder<Report>(all: Readonly<Record<string, Report>>): Record<string, Report> {
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])))
}
