// Measures parts of the packages in memory, as they are installed: nanoseconds for each call.
// Usage: npm run bench:micro -- [--packed] [--only PATTERN]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildProgram } from '../build-program.ts'
import { Installation } from '../installation.ts'

const { values } = parseArgs({
  options: { packed: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const installation = Installation.prepare({ peers: false, packed: values.packed })
const program = `${installation.folder}micro.mjs`
buildProgram(fileURLToPath(new URL('program.ts', import.meta.url)), program, ['@ropewalk/*', 'bun:*'])
const { status } = spawnSync(process.execPath, ['--expose-gc', program, values.only], { stdio: 'inherit' })
process.exitCode = status ?? 1
