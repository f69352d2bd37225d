import { expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'

test('simulated-chat holds a hundred evenings, on a network that misbehaves', async () => {
  const { code, output, errors } = await ExampleProcess.run('simulated-chat')
  expect([code, errors]).toEqual([0, ''])
  expect(output).toMatch(/^100 runs with these faults, and everybody heard what was said: \{[^}]*reset: \d+/)
})

test('simulated-chat shows the run of a seed', async () => {
  const { code, output } = await ExampleProcess.run('simulated-chat', '0-7')
  expect(code).toBe(0)
  expect(output).toMatch(/server +ann +bob +cleo\n/)
})
