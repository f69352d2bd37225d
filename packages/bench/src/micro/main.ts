// Measures parts of the packages in memory, as they are installed: nanoseconds for each call.
// Usage: npm run bench:micro -- [--packed] [--only PATTERN]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { buildProgram } from '../build-program.ts'
import { flag, pattern, runProgram } from '../command-line.ts'
import { Installation } from '../installation.ts'
import { INTERNAL_MODULES } from './internals.ts'

await runProgram(
  {
    command: 'npm run bench:micro',
    about: ['Measures parts of the packages in memory, in nanoseconds for each call.'],
    options: {
      only: pattern('Runs the benchmarks whose names match the regular expression.'),
      packed: flag('Uses the packages in .pack/ as they are, without building them.'),
    },
  },
  ({ only, packed }) => {
    const installation = Installation.prepare({ peers: false, packed })
    const program = `${installation.folder}micro.mjs`
    const external = ['@ropewalk/*', 'bun:*']
    buildProgram(fileURLToPath(new URL('program.ts', import.meta.url)), program, external)
    for (const path of INTERNAL_MODULES) {
      const entry = fileURLToPath(new URL(`../../../${path}.ts`, import.meta.url))
      buildProgram(entry, `${installation.folder}internals/${path}.mjs`, external)
    }
    const args = ['--expose-gc', program, only.source]
    process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
  },
)
