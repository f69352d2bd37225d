import { describe, expect, test } from 'vitest'
import { datagramPortChecks } from '../../../src/testing/checks/datagram-port-checks.ts'
import { datagramFailuresOf, datagramLieNoticedBy } from '../../memory-datagram-harness.ts'

describe('datagramPortChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(datagramPortChecks)).toEqual([])
  })

  test('catch a port that never lets go', async () => {
    const noticed = await datagramLieNoticedBy(datagramPortChecks, () => ({
      stopListening: () => Promise.resolve(),
    }))
    expect(noticed).toContain('stops its protocol once, and lets go of its address')
  })
})
