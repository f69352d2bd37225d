// Fails when our servers need a quarter more CPU time, relative to node:net, than packages/bench/guard.json records.
// Usage: npm run bench:guard -- [--only ws-ping,tcp-16k] [--packed] [--record]
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { check, type CheckOptions, measureRatio } from './guard-check.ts'
import { guardPairs } from './guard-pairs.ts'
import { Installation } from './installation.ts'
import { median } from './statistics.ts'

/** The ratio of each workload, for each major version of Node. */
type Recorded = Record<string, Record<string, number>>

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    packed: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
})
/** A record counts for many checks. Each time has new processes, and as many rounds as a check. */
const RECORD_TIMES = 3
const RECORD = new URL('../guard.json', import.meta.url)
const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded
const major = process.versions.node.replace(/\..*/, '')
const installation = Installation.prepare({ peers: false, packed: values.packed })
const pairs = guardPairs(installation).filter(({ name }) => values.only?.split(',').includes(name) ?? true)
const options: CheckOptions = {
  loadProgram: installation.loadProgram,
  rounds: 5,
  firstWarmUpMs: 400,
  warmUpMs: 50,
  durationMs: 600,
}
await (values.record ? record() : guard(recorded[major]))

async function record(): Promise<void> {
  const ratios = { ...recorded[major] }
  for (const pair of pairs) {
    const measured: number[] = []
    while (measured.length < RECORD_TIMES) measured.push(await measureRatio(pair, options))
    ratios[pair.name] = Number(median(measured).toFixed(2))
    console.log(`${pair.name}: ${ratios[pair.name]} times the CPU time of node:net`)
  }
  writeFileSync(RECORD, `${JSON.stringify({ ...recorded, [major]: ratios }, undefined, 2)}\n`)
}

async function guard(known: Readonly<Record<string, number>> | undefined): Promise<void> {
  const slower: string[] = []
  for (const pair of pairs) {
    const before = known?.[pair.name]
    if (before === undefined) {
      console.error(`Nothing is recorded for ${pair.name} on Node ${major}: npm run bench:guard -- --record`)
      process.exit(2)
    }
    const { ratio, isSlower } = await check(pair, before, options)
    console.log(`${pair.name}: ${ratio.toFixed(2)} times the CPU time of node:net, recorded ${before}`)
    if (isSlower) slower.push(pair.name)
  }
  if (slower.length === 0) return
  console.error(
    `More than a quarter slower than recorded: ${slower.join(', ')}. If that is meant, record the new ratios with ` +
      'npm run bench:guard -- --record',
  )
  process.exitCode = 1
}
