// Publishes the tarballs of .pack/, each after those that it depends on, and leaves out versions that are published.
// Usage: node .ci/publish.mjs --dry-run | --tag v0.1.0     the git tag must have the version of the packages
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ORDER = ['core', 'http', 'websocket', 'simulation', 'create-ropewalk']
const root = fileURLToPath(new URL('../', import.meta.url))
const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean' }, tag: { type: 'string' } } })
const isDryRun = values['dry-run'] === true

const packages = ORDER.map((folder) => {
  const { name, version } = JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8'))
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
  return { name, version, file, path: `${root}.pack/${file}` }
})
const packed = readdirSync(`${root}.pack`).toSorted()
const wanted = packages.map(({ file }) => file).toSorted()
if (packed.join() !== wanted.join())
  throw new Error(`.pack/ has ${packed.join(', ')}, not ${wanted.join(', ')}`)
const other = packages.find(({ version }) => !isDryRun && values.tag !== `v${version}`)
if (other !== undefined)
  throw new Error(`The tag ${values.tag} is not the version ${other.version} of ${other.name}`)

for (const { name, version, path } of packages) {
  if (!isDryRun && npm('view', `${name}@${version}`, 'version').stdout.trim() === version) {
    console.log(`${name} ${version} is published`)
    continue
  }
  // A version such as 0.2.0-next.1 must not become the one that npm installs by default.
  const distTag = version.includes('-') ? 'next' : 'latest'
  const { status, stderr } = npm('publish', path, '--tag', distTag, ...(isDryRun ? ['--dry-run'] : []))
  if (status !== 0) throw new Error(`Cannot publish ${name} ${version}: ${stderr}`)
  const warnings = stderr.split('\n').filter((line) => /^npm warn(?!.*(?:logged in|dry-run))/i.test(line))
  if (warnings.length > 0) throw new Error(`npm changes ${name} when it publishes it: ${warnings.join('\n')}`)
  console.log(`${name} ${version}: ${isDryRun ? 'can be published' : 'published'} as ${distTag}`)
}

function npm(...args) {
  return spawnSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' })
}
