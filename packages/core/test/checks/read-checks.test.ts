import { describe, expect, test } from 'vitest'
import { readChecks } from '../../src/checks/read-checks.ts'
import { failuresOf, noticedBy } from '../lying-harness.ts'
import { pairHarness } from '../memory-harness.ts'

describe('readChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(readChecks, pairHarness)).toEqual([])
  })

  test('catch a pause that does nothing', async () => {
    const noticed = await noticedBy(readChecks, () => ({ pauseProducing: () => undefined }))
    expect(noticed).toContainEqual(expect.stringContaining('delivers nothing while paused'))
  })
})
