import { expect, test } from 'vitest'
import { quotedFaults, wantedRuns } from '../../src/real/environment.ts'

test('wantedRuns reads a seed, faults and a budget, and refuses what it cannot read', () => {
  expect(wantedRuns({})).toEqual({})
  expect(wantedRuns({ ROPEWALK_SEED: '', ROPEWALK_BUDGET_MS: '' })).toEqual({})
  expect(wantedRuns({ ROPEWALK_SEED: '0-17', ROPEWALK_BUDGET_MS: '5000' })).toEqual({
    only: '0-17',
    budgetMs: 5000,
  })
  expect(wantedRuns({ ROPEWALK_SEED: '0-17', ROPEWALK_FAULTS: '2:300' }).faults).toBe('2:300')
  expect(() => wantedRuns({ ROPEWALK_FAULTS: '2' })).toThrow(
    'Cannot run ROPEWALK_FAULTS=2: give the seed in ROPEWALK_SEED',
  )
  expect(() => wantedRuns({ ROPEWALK_BUDGET_MS: 'soon' })).toThrow(
    'Cannot read ROPEWALK_BUDGET_MS=soon: give a number of milliseconds',
  )
})

test('quotedFaults quotes for a shell only what needs it', () => {
  expect(quotedFaults('2:300,no-loss')).toBe('2:300,no-loss')
  expect(quotedFaults("a b'c")).toBe(String.raw`'a b'\''c'`)
})
