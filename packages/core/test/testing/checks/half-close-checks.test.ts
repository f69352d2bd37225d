import { describe, expect, test } from 'vitest'
import { halfCloseChecks } from '../../../src/testing/checks/half-close-checks.ts'
import { failuresOf, noticedBy } from '../../lying-harness.ts'
import { pairHarness } from '../../memory-harness.ts'

describe('halfCloseChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(halfCloseChecks, pairHarness)).toEqual([])
  })

  test('catch a half close that closes both ways', async () => {
    const noticed = await noticedBy(halfCloseChecks, (transport) => ({
      loseWriteConnection: () => transport.loseConnection(),
    }))
    expect(noticed).toContainEqual(expect.stringContaining('and reads on'))
  })
})
