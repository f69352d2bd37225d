import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { echoRun } from './echo-run.ts'

test('the echo WebSocket server and its clients hold their promises on a network that misbehaves', async () => {
  const { runs, faults } = await simulateAll((sim) => echoRun(sim, 5, 5), {
    runs: 60,
    link: { lossPerMille: 5 },
  })
  expect(runs).toBe(60)
  // A seed that brings no faults proves nothing.
  for (const kind of ['partition', 'reset', 'crash', 'stand still'] as const)
    expect(faults[kind]).toBeGreaterThan(5)
})
