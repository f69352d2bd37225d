import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// In a separate process, because vitest itself fails for an unhandled rejection.
test('an unhandled rejection in a host fails the run, with its seed, and does not end the process', () => {
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
    /^Seed 7 at 10\.000 ms: A promise(?: of server)? was rejected, and the rejection was not handled: no room\n  The last events:\n    0\.000 server starts\n$/,
  )
})

/** The arguments with which Node runs TypeScript: none from 22.18 on. */
const TYPESCRIPT: readonly string[] = 'typescript' in process.features ? [] : ['--import', 'tsx']
