import { describe, expect, test } from 'vitest'
import { datagramPeerChecks } from '../../src/checks/datagram-peer-checks.ts'
import { datagramFailuresOf, datagramLieNoticedBy } from '../memory-datagram-harness.ts'

describe('datagramPeerChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(datagramPeerChecks)).toEqual([])
  })

  test('catch a port that accepts host names', async () => {
    const noticed = await datagramLieNoticedBy(datagramPeerChecks, (port) => {
      const write = port.write.bind(port)
      return {
        write: (data, to) => write(data, to?.host === 'localhost' ? { ...to, host: '127.0.0.1' } : to),
      }
    })
    expect(noticed).toContain('throws for a host name, and looks up nothing')
  })
})
