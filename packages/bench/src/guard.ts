// Fails when our servers need a quarter more CPU time, relative to node:net, than packages/bench/guard.json records.
// Usage: npm run bench:guard -- [--only ws-ping,tcp-16k] [--packed] [--record]
import { readFileSync, writeFileSync } from 'node:fs'
import { flag, runProgram, SetupError, someOf } from './command-line.ts'
import { check, type CheckOptions, measureRatio, type Pair } from './guard-check.ts'
import { GUARDED, guardPairs } from './guard-pairs.ts'
import { Installation } from './installation.ts'
import { median } from './statistics.ts'

/** The ratio of each workload, for each major version of Node. */
type Recorded = Record<string, Record<string, number>>

/** A record counts for many checks. Each time has new processes, and as many rounds as a check. */
const RECORD_TIMES = 3
const RECORD = new URL('../guard.json', import.meta.url)
const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded
const major = process.versions.node.replace(/\..*/, '')

await runProgram(
  {
    command: 'npm run bench:guard',
    about: [
      'Fails when a server needs a quarter more CPU time, relative to node:net, than guard.json records',
      `for this major version of Node; there are records for ${Object.keys(recorded).join(', ')}. It takes about two minutes.`,
    ],
    options: {
      only: someOf(GUARDED, 'Checks these workloads only.'),
      packed: flag('Uses the packages in .pack/ as they are, without building them.'),
      record: flag('Records the ratios instead, which takes three times as long.'),
    },
  },
  async ({ only = GUARDED, packed, record }) => {
    const known = recorded[major] ?? {}
    const unknown = only.filter((name) => known[name] === undefined)
    if (!record && unknown.length > 0) {
      throw new SetupError(
        `Nothing is recorded for ${unknown.join(', ')} on Node ${major}: npm run bench:guard -- --record`,
      )
    }
    const installation = Installation.prepare({ peers: false, packed })
    const pairs = guardPairs(installation).filter(({ name }) => only.includes(name))
    const options: CheckOptions = {
      loadProgram: installation.loadProgram,
      rounds: 5,
      firstWarmUpMs: 400,
      warmUpMs: 50,
      durationMs: 600,
    }
    await (record ? recordAll(pairs, options) : guard(pairs, known, options))
  },
)

async function recordAll(pairs: readonly Pair[], options: CheckOptions): Promise<void> {
  const ratios = { ...recorded[major] }
  for (const pair of pairs) {
    const measured: number[] = []
    while (measured.length < RECORD_TIMES) measured.push(await measureRatio(pair, options))
    const ratio = median(measured).toFixed(2)
    ratios[pair.name] = Number(ratio)
    console.log(`${pair.name}: ${ratio} times the CPU time of node:net`)
  }
  writeFileSync(RECORD, `${JSON.stringify({ ...recorded, [major]: ratios }, undefined, 2)}\n`)
}

async function guard(
  pairs: readonly Pair[],
  known: Readonly<Record<string, number>>,
  options: CheckOptions,
): Promise<void> {
  const slower: string[] = []
  for (const pair of pairs) {
    const before = known[pair.name] ?? Number.NaN
    const { ratio, isSlower } = await check(pair, before, options)
    console.log(
      `${pair.name}: ${ratio.toFixed(2)} times the CPU time of node:net, recorded ${before.toFixed(2)}`,
    )
    if (isSlower) slower.push(pair.name)
  }
  if (slower.length === 0) return
  console.error(
    `More than a quarter slower than recorded: ${slower.join(', ')}. If that is meant, record the new ratios with ` +
      'npm run bench:guard -- --record',
  )
  process.exitCode = 1
}
