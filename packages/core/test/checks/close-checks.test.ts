import { describe, expect, test } from 'vitest'
import { closeChecks, halfCloseChecks } from '../../src/checks/close-checks.ts'
import { failuresOf, noticedBy } from '../lying-harness.ts'
import { pairHarness } from '../memory-harness.ts'

describe('closeChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(closeChecks, pairHarness)).toEqual([])
  })

  test('catch a close that drops queued bytes', async () => {
    const noticed = await noticedBy(closeChecks, (transport) => ({
      loseConnection: () => transport.abortConnection(),
    }))
    expect(noticed).toContainEqual(expect.stringContaining('sends all queued bytes before it closes'))
  })
})

describe('halfCloseChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(halfCloseChecks, pairHarness)).toEqual([])
  })

  test('catch a half close that closes both ways', async () => {
    const noticed = await noticedBy(halfCloseChecks, (transport) => ({
      loseWriteConnection: () => transport.loseConnection(),
    }))
    expect(noticed).toContainEqual(expect.stringContaining('and keeps reading'))
  })
})
