import { describe, expect, test } from 'vitest'
import { multicastChecks } from '../../../src/testing/checks/multicast-checks.ts'
import { datagramFailuresOf, datagramLieNoticedBy } from '../../memory-datagram-harness.ts'

describe('multicastChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(multicastChecks)).toEqual([])
  })

  test('catch a port that does not leave', async () => {
    const noticed = await datagramLieNoticedBy(multicastChecks, () => ({ leaveGroup: () => undefined }))
    expect(noticed).toContain('hears a group no more once it has left')
  })
})
