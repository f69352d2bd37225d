// Measures our packages, built and installed, beside the servers that people would pick instead.
// A run writes docs/performance/results.json, and from it the tables of docs/performance.md and the drawings beside it.
// A part of it (--only, --curves) replaces the results of its workloads and curves.
// Usage: npm run bench -- [--only ws-ping,tcp-sizes] [--curves] [--rounds N] [--seconds S]; --help lists all options.
import { flag, positiveNumber, runProgram, someOf, UsageError, wholeNumber } from './command-line.ts'
import { CURVES } from './curves/curves.ts'
import { COLUMNS_EXPLAINED } from './report-lines.ts'
import { Run } from './run.ts'
import { WORKLOADS } from './workloads.ts'

const curveNames = CURVES.map(({ name }) => name)
const names = [...WORKLOADS.map(({ name }) => name), ...curveNames]
const started: { run?: Run } = {}

await runProgram(
  {
    command: 'npm run bench',
    about: [
      'Measures Ropewalk beside its peers, and writes docs/performance.md. All of it takes some 22 minutes.',
      ...COLUMNS_EXPLAINED,
    ],
    options: {
      only: someOf(names, 'Measures these workloads and curves only.'),
      curves: flag('Measures all curves, besides what --only names.'),
      rounds: wholeNumber('How often each server is measured: 5. Curves have 3 rounds at most.'),
      seconds: positiveNumber('How long a round of a workload lasts: 1. Curves have durations of their own.'),
      packed: flag('Uses the packages in .pack/ as they are, without building them.'),
      page: flag('Measures nothing: writes the page again from docs/performance/results.json.'),
      'accept-disturbed': flag('Writes results also when other programs disturbed them.'),
      'no-report': flag('Prints the results, and writes no file.'),
    },
    interrupted: () => started.run?.interrupted() ?? 'nothing is written',
  },
  async (values) => {
    const { only, curves, rounds, seconds, page, packed } = values
    const wanted = only || curves ? [...(only ?? []), ...(curves ? curveNames : [])] : names
    if (
      page &&
      (only ?? rounds ?? seconds ?? (curves || packed || values['no-report'] || undefined)) !== undefined
    )
      throw new UsageError('--page measures nothing: it goes with --accept-disturbed only')
    if (seconds !== undefined && wanted.every((name) => curveNames.includes(name)))
      throw new UsageError('--seconds is for workloads: curves have durations of their own')
    started.run = new Run({
      names,
      wanted,
      rounds: rounds ?? 5,
      seconds: seconds ?? 1,
      packed,
      isReported: !values['no-report'],
      acceptsDisturbed: values['accept-disturbed'],
    })
    await (page ? started.run.writePage() : started.run.measure())
  },
)
