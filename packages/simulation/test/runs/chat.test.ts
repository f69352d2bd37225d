import { expect, test } from 'vitest'
import { ScenarioFailed, simulateAll } from '../../src/index.ts'
import { BrokenGuest, evening, MendedGuest } from './chat.ts'

test('500 seeds detect a chat that takes each chunk for a whole line', async () => {
  const error: unknown = await simulateAll((sim) => evening(sim, BrokenGuest), { runs: 500 }).catch(
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(ScenarioFailed)
  expect(String(error)).toMatch(
    /Seed 0-\d+: received .+\n  It needs no fault to fail.\n(?:  It also fails .+\n)?  Try it again with ROPEWALK_SEED=0-\d+/,
  )
})

test('500 seeds find no fault in the corrected chat', async () => {
  const { runs } = await simulateAll((sim) => evening(sim, MendedGuest), { runs: 500 })
  expect(runs).toBe(500)
})
