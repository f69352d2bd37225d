// Measures parts of the packages in memory, as they are installed: nanoseconds for each call.
// Usage: npm run bench:micro -- [--packed] [--only PATTERN]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildProgram } from '../build-program.ts'
import { Installation } from '../installation.ts'
import { INTERNAL_MODULES } from './internals.ts'

const { values } = parseArgs({
  options: { packed: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const installation = Installation.prepare({ peers: false, packed: values.packed })
const program = `${installation.folder}micro.mjs`
const external = ['@ropewalk/*', 'bun:*']
buildProgram(fileURLToPath(new URL('program.ts', import.meta.url)), program, external)
for (const path of INTERNAL_MODULES) {
  const entry = fileURLToPath(new URL(`../../../${path}.ts`, import.meta.url))
  buildProgram(entry, `${installation.folder}internals/${path}.mjs`, external)
}
const { status } = spawnSync(process.execPath, ['--expose-gc', program, values.only], { stdio: 'inherit' })
process.exitCode = status ?? 1
