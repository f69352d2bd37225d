import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// In a process of its own: vitest counts what nobody hears of, too.
test('a rejection in a host that nobody hears of fails the run, with its seed, and does not end the process', () => {
  const entry = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
  const program = `
    import { Simulation } from ${JSON.stringify(entry)}
    const sim = new Simulation({ seed: 7 })
    sim.host('server', (reactor) => {
      reactor.callLater(10, () => { void Promise.reject(new Error('no room')) })
    })
    await sim.run(100).catch((error) => console.log(error.message))
  `
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...TYPESCRIPT, '--input-type=module', '-e', program],
    {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      timeout: 20_000,
    },
  )
  expect(stdout + stderr).toMatch(
    /^Seed 7 at 10\.000 ms: A promise(?: of server)? was rejected, and nobody heard of it: no room\n$/,
  )
})

/** What Node needs to run TypeScript: nothing from 22.18 on. */
const TYPESCRIPT: readonly string[] = 'typescript' in process.features ? [] : ['--import', 'tsx']
