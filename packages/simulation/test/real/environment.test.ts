import { expect, test } from 'vitest'
import { wantedRuns } from '../../src/real/environment.ts'

test('wantedRuns reads a seed and a budget in milliseconds, and refuses another budget', () => {
  expect(wantedRuns({})).toEqual({})
  expect(wantedRuns({ ROPEWALK_SEED: '', ROPEWALK_BUDGET_MS: '' })).toEqual({})
  expect(wantedRuns({ ROPEWALK_SEED: '0-17', ROPEWALK_BUDGET_MS: '5000' })).toEqual({
    only: '0-17',
    budgetMs: 5000,
  })
  expect(() => wantedRuns({ ROPEWALK_BUDGET_MS: 'soon' })).toThrow(
    'Cannot read ROPEWALK_BUDGET_MS=soon: give a number of milliseconds',
  )
})
