import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const MODULE = new URL('../seeds-scenario.ts', import.meta.url)

describe('simulateAll', () => {
  /** Runs the module in worker threads, in a process that can load TypeScript in its threads. */
  function inProcess(failing: string): string {
    const program = `
      import { simulateAll } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
      await simulateAll(new URL(${JSON.stringify(MODULE.href)}), { runs: 9, workers: 2 }).then(
        ({ runs, sometimes }) => console.log(runs, JSON.stringify(sometimes)),
        ({ message }) => console.log(message.split('\\n')[0]),
      )
    `
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [...TYPESCRIPT, '--input-type=module', '-e', program],
      {
        encoding: 'utf8',
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        env: { ...process.env, FAILING: failing },
        timeout: 30_000,
      },
    )
    return (stdout + stderr).trim()
  }

  test('runs the seeds of a module in worker threads', () => {
    expect(inProcess('')).toBe('9 {"ran":9}')
  })

  test('reports the lowest seed that failed in any thread', () => {
    expect(inProcess('456')).toBe('Seed 0-4: the seed is wrong')
  })
})

/** The arguments with which Node runs TypeScript: none from 22.18 on. */
const TYPESCRIPT: readonly string[] = 'typescript' in process.features ? [] : ['--import', 'tsx']
