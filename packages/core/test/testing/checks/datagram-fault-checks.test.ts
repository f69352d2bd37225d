import { describe, expect, test } from 'vitest'
import { datagramFaultChecks } from '../../../src/testing/checks/datagram-fault-checks.ts'
import { datagramFailuresOf, datagramLieNoticedBy } from '../../memory-datagram-harness.ts'

describe('datagramFaultChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(datagramFaultChecks)).toEqual([])
  })

  test('catch a port that sends what it may not', async () => {
    const noticed = await datagramLieNoticedBy(datagramFaultChecks, (port) => {
      port.setBroadcastAllowed(true)
      return {}
    })
    expect(noticed).toContain('stays open when the system refuses to send, and counts it')
  })
})
