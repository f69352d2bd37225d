// Measures our packages, built and installed, beside the servers that people would pick instead.
// A run writes docs/performance/results.json and the table of docs/performance.md. A part of it (--only) replaces the
// results of its workloads.
// Usage: npm run bench -- [--only ws-ping,tcp-16k] [--rounds N] [--seconds S] [--packed] [--no-report]
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { commitOf, environmentOf } from './environment.ts'
import { Installation } from './installation.ts'
import { provenance, tables, withSection } from './page.ts'
import { linesOf, reportOf, type WorkloadReport } from './report.ts'
import { type Dated, dated, earlierResults, writeResults } from './results.ts'
import { measureRounds } from './rounds.ts'
import { WORKLOADS } from './workloads.ts'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    packed: { type: 'boolean', default: false },
    report: { type: 'boolean', default: true },
  },
})

const RESULTS = fileURLToPath(new URL('../../../docs/performance/results.json', import.meta.url))
const PAGE = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url))
const only = values.only?.split(',')
const unknown = only?.filter((name) => !WORKLOADS.some((workload) => workload.name === name)) ?? []
if (unknown.length > 0) {
  console.error(
    `There is no workload ${unknown.join(', ')}. These are: ${WORKLOADS.map((one) => one.name).join(' ')}`,
  )
  process.exit(2)
}
const installation = Installation.prepare({ peers: true, packed: values.packed })
const environment = environmentOf(installation)
// An earlier run in another environment is noticed before the work.
const earlier = values.report && only !== undefined ? earlierResults(RESULTS, environment).workloads : {}
const reports: Record<string, Dated<WorkloadReport>> = { ...earlier }
const missing = new Set<string>()
for (const workload of WORKLOADS.filter(({ name }) => only?.includes(name) ?? true)) {
  const options = { rounds: Number(values.rounds), warmUpMs: 700, durationMs: Number(values.seconds) * 1000 }
  const rounds = await measureRounds(workload, installation, options, (name) => {
    if (!missing.has(name)) console.log(`${name} is left out: it is not installed`)
    missing.add(name)
  })
  const report = reportOf(workload, rounds)
  for (const line of linesOf(report)) console.log(line)
  reports[workload.name] = dated(report, commitOf() ?? 'unknown', new Date())
}
const outcomes = Object.values(reports).flatMap(({ targets }) => targets)
console.log(`${outcomes.filter(({ isMet }) => isMet).length} of ${outcomes.length} targets are met`)
if (values.report) {
  const results = { environment, workloads: inOrder(reports) }
  writeResults(RESULTS, results)
  const page = readFileSync(PAGE, 'utf8')
  const content = `${provenance(results)}\n\n${tables(Object.values(results.workloads))}`
  writeFileSync(PAGE, withSection(page, 'table', content))
}

/** In the order of the table, which a partial run must not change. */
function inOrder<Report>(all: Readonly<Record<string, Report>>): Record<string, Report> {
  return Object.fromEntries(
    WORKLOADS.flatMap(({ name }) => (all[name] === undefined ? [] : [[name, all[name]]])),
  )
}
