import { describe, expect, test } from 'vitest'
import { faultChecks } from '../../../src/testing/checks/fault-checks.ts'
import { failuresOf, noticedBy } from '../../lying-harness.ts'
import { pairHarness } from '../../memory-harness.ts'

describe('faultChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(faultChecks, pairHarness)).toEqual([])
  })

  test('catch a transport that only closes after a fault', async () => {
    const noticed = await noticedBy(faultChecks, (transport) => ({
      abortConnection: () => transport.loseConnection(),
    }))
    expect(noticed).toContainEqual(
      expect.stringContaining('logs, and aborts the one connection for, a throw in dataReceived'),
    )
  })
})
