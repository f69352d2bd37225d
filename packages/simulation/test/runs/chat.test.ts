import { expect, test } from 'vitest'
import { ScenarioFailed, simulateAll } from '../../src/index.ts'
import { BrokenGuest, evening, MendedGuest } from './chat.ts'

test('a chat that believes in whole lines is found out within 500 seeds, which tell how', async () => {
  const error: unknown = await simulateAll((sim) => evening(sim, BrokenGuest), { runs: 500 }).catch(
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(ScenarioFailed)
  expect(String(error)).toMatch(
    /Seed 0-\d+: heard .+\n  It needs no fault to fail.\n  Try it again with ROPEWALK_SEED=0-\d+/,
  )
})

test('the mended one is not', async () => {
  const { runs } = await simulateAll((sim) => evening(sim, MendedGuest), { runs: 500 })
  expect(runs).toBe(500)
})
