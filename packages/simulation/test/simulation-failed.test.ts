import { expect, test } from 'vitest'
import { SimulationFailed } from '../src/simulation-failed.ts'

test('a failure tells its seed, its moment and its cause', () => {
  const cause = new Error('no room')
  const failed = new SimulationFailed('0-7', 12.3456, 'server failed', cause)
  expect([failed.message, failed.seed, failed.atMs, failed.cause]).toEqual([
    'Seed 0-7 at 12.346 ms: server failed: no room',
    '0-7',
    12.3456,
    cause,
  ])
  expect(new SimulationFailed('1', 0, 'time stands still', undefined).message).toBe(
    'Seed 1 at 0.000 ms: time stands still',
  )
})
