// All micro benchmarks; started by main.ts in the installation, with a pattern of the names to run.
import { isatty } from 'node:tty'
import { run } from 'mitata'
import { deadlines } from './deadlines.ts'
import { frames } from './frames.ts'
import { headers } from './headers.ts'
import { heads } from './heads.ts'
import { loadInternals } from './internals.ts'
import { masking } from './masking.ts'

const internals = await loadInternals()
heads(internals)
headers()
frames()
masking(internals)
deadlines(internals)

/** A pattern that notes what it is asked for. */
class NotingPattern extends RegExp {
  readonly asked: Set<string> = new Set<string>()
  override test(name: string): boolean {
    this.asked.add(name)
    return super.test(name)
  }
}

const filter = new NotingPattern(process.argv[2] ?? '')
const { benchmarks } = await run({ filter, colors: isatty(1) })
if (benchmarks.length === 0) {
  console.error(`--only must match some of these names:\n  ${[...filter.asked].join('\n  ')}`)
  process.exitCode = 2
}
