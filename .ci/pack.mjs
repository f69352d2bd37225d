// Packs the published packages into .pack/, and prints the commands that install them in another project, and that make
// a new one.
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../.pack/', import.meta.url))
const filters = [
  '--filter',
  './packages/*',
  '--filter',
  '!@ropewalk/bench',
  '--filter',
  '!@ropewalk/conformance',
  '--filter',
  '!@ropewalk/repo-checks',
]
rmSync(folder, { recursive: true, force: true })
const { status, stdout, stderr, error } = spawnSync(
  'npm',
  ['run', '--silent', 'pnpm', '--', '--recursive', ...filters, 'pack', '--pack-destination', folder],
  // pnpm lists the files of the tarballs, thousands of lines.
  { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' },
)
if (status === 0) {
  const tarballs = readdirSync(folder).map((name) => folder + name)
  console.log(`Packed ${tarballs.length} packages. Install them in your project with:\n`)
  const isCreator = (path) => path.startsWith(`${folder}create-ropewalk-`)
  console.log(`npm install ${tarballs.filter((path) => !isCreator(path)).join(' ')}\n`)
  console.log('Or make a new project with:\n')
  const creator = tarballs.find(isCreator)
  console.log(`npm exec --yes --package=${creator} -- create-ropewalk my-app --packages ${folder}`)
} else {
  process.stderr.write(`${stdout}${stderr}`)
  console.error(`Cannot pack the packages: ${error?.message ?? `pnpm ended with ${status}`}`)
  process.exitCode = 1
}
