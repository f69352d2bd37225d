import { expect, test } from 'vitest'
import { readText, realNowMs, settled, wantedRuns } from '../../src/real/environment.ts'

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

test('readText returns the text of a file, or rejects with the error of the system', async () => {
  expect(await readText(new URL('environment.test.ts', import.meta.url).pathname)).toContain(
    'returns the text of a file',
  )
  await expect(readText('/nowhere/at/all')).rejects.toMatchObject({ code: 'ENOENT' })
})

test('settled waits for chains of promises of any length', async () => {
  let links = 0
  const chain = async (): Promise<void> => {
    for (; links < 1000; links++) await Promise.resolve()
  }
  void chain()
  await settled()
  expect(links).toBe(1000)
})

test('realNowMs increases', async () => {
  const before = realNowMs()
  await settled()
  expect(realNowMs()).toBeGreaterThan(before)
})
