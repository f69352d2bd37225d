import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('a simulation of programs that are imported runs under node:test', async () => {
  const program = fileURLToPath(new URL('programs/page.node-test.ts', import.meta.url))
  // With this variable of node:test, the program would report to the runner of another test.
  const { NODE_TEST_CONTEXT: _ofOther, ...env } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--test', program], {
    env,
  })
  expect(stdout).toMatch(/(?:#|ℹ) pass 2/)
  expect(stdout).toContain('20 runs')
})
