import { describe, expect, test } from 'vitest'
import { datagramLimitChecks } from '../../../src/testing/checks/datagram-limit-checks.ts'
import { datagramFailuresOf, datagramLieNoticedBy } from '../../memory-datagram-harness.ts'

describe('datagramLimitChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(datagramLimitChecks)).toEqual([])
  })

  test('catch a port that says it sent what it dropped', async () => {
    const noticed = await datagramLieNoticedBy(datagramLimitChecks, (port) => {
      const write = port.write.bind(port)
      return { write: (data, to) => write(data, to) || true }
    })
    expect(noticed).toContain('drops what is written beyond maxBufferedBytes, and says so')
  })
})
