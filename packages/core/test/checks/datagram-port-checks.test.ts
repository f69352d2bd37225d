import { describe, expect, test } from 'vitest'
import {
  datagramFaultChecks,
  datagramLimitChecks,
  datagramPortChecks,
  multicastChecks,
} from '../../src/checks/datagram-port-checks.ts'
import { datagramFailuresOf, datagramLieNoticedBy } from '../memory-datagram-harness.ts'

describe('datagramPortChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(datagramPortChecks)).toEqual([])
  })

  test('catch a port that never frees its address', async () => {
    const noticed = await datagramLieNoticedBy(datagramPortChecks, () => ({
      stopListening: () => Promise.resolve(),
    }))
    expect(noticed).toContain('stops its protocol once, and frees its address')
  })
})

describe('datagramFaultChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(datagramFaultChecks)).toEqual([])
  })

  test('catch a port that sends without permission to broadcast', async () => {
    const noticed = await datagramLieNoticedBy(datagramFaultChecks, (port) => {
      port.setBroadcastAllowed(true)
      return {}
    })
    expect(noticed).toContain('stays open when the operating system refuses to send, and counts the failure')
  })
})

describe('datagramLimitChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(datagramLimitChecks)).toEqual([])
  })

  test('catch a port that returns true for a dropped datagram', async () => {
    const noticed = await datagramLieNoticedBy(datagramLimitChecks, (port) => {
      const write = port.write.bind(port)
      return { write: (data, to) => write(data, to) || true }
    })
    expect(noticed).toContain('drops a datagram written beyond maxBufferedBytes, and logs it')
  })
})

describe('multicastChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(multicastChecks)).toEqual([])
  })

  test('catch a port that does not leave a group', async () => {
    const noticed = await datagramLieNoticedBy(multicastChecks, () => ({ leaveGroup: () => undefined }))
    expect(noticed).toContain('receives nothing more from a group once it has left')
  })
})
