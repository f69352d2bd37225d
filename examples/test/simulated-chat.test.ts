import { expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'

test('simulated-chat delivers lines in order in a hundred runs with faults', async () => {
  const { code, output, errors } = await ExampleProcess.run('simulated-chat')
  expect([code, errors]).toEqual([0, ''])
  expect(output).toMatch(
    /^100 runs, in which every client received its lines in order. The faults: \{[^}]*reset: \d+/,
  )
})

test('simulated-chat draws the run of a seed', async () => {
  const { code, output } = await ExampleProcess.run('simulated-chat', '0-7')
  expect(code).toBe(0)
  expect(output).toMatch(/server +ann +bob +cleo\n/)
})
