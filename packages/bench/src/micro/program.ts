// All micro benchmarks; started by main.ts in the installation, with a pattern of the names to run.
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
await run({ filter: new RegExp(process.argv[2] ?? '') })
