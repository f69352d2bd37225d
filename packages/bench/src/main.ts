// Measures our packages, built and installed, beside the servers that people would pick instead.
// Usage: npm run bench -- [--only ws-ping,tcp-16k] [--rounds N] [--seconds S] [--packed] [--no-report]
import { parseArgs } from 'node:util'
import { Installation } from './installation.ts'
import { linesOf, reportOf } from './report.ts'
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

const only = values.only?.split(',')
const unknown = only?.filter((name) => !WORKLOADS.some((workload) => workload.name === name)) ?? []
if (unknown.length > 0) {
  console.error(
    `There is no workload ${unknown.join(', ')}. These are: ${WORKLOADS.map((one) => one.name).join(' ')}`,
  )
  process.exit(2)
}
const workloads = WORKLOADS.filter(({ name }) => only === undefined || only.includes(name))
const installation = Installation.prepare({ peers: true, packed: values.packed })
const missing = new Set<string>()
for (const workload of workloads) {
  const options = { rounds: Number(values.rounds), warmUpMs: 700, durationMs: Number(values.seconds) * 1000 }
  const rounds = await measureRounds(workload, installation, options, (name) => {
    if (!missing.has(name)) console.log(`${name} is left out: it is not installed`)
    missing.add(name)
  })
  for (const line of linesOf(reportOf(workload, rounds))) console.log(line)
}
