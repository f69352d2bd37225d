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

  test('catch a port that never lets go', async () => {
    const noticed = await datagramLieNoticedBy(datagramPortChecks, () => ({
      stopListening: () => Promise.resolve(),
    }))
    expect(noticed).toContain('stops its protocol once, and lets go of its address')
  })
})

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

describe('multicastChecks', () => {
  test('find nothing wrong with ports in memory', async () => {
    expect(await datagramFailuresOf(multicastChecks)).toEqual([])
  })

  test('catch a port that does not leave', async () => {
    const noticed = await datagramLieNoticedBy(multicastChecks, () => ({ leaveGroup: () => undefined }))
    expect(noticed).toContain('hears a group no more once it has left')
  })
})
