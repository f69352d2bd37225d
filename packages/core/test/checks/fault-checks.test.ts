import { describe, expect, test } from 'vitest'
import { faultChecks, peerChecks } from '../../src/checks/fault-checks.ts'
import { failuresOf, noticedBy } from '../lying-harness.ts'
import { pairHarness } from '../memory-harness.ts'

describe('faultChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(faultChecks, pairHarness)).toEqual([])
  })

  test('catch a transport that only closes after a fault', async () => {
    const noticed = await noticedBy(faultChecks, (transport) => ({
      abortConnection: () => transport.loseConnection(),
    }))
    expect(noticed).toContainEqual(
      expect.stringContaining('logs, and aborts only its connection after, a throw in dataReceived'),
    )
  })
})

describe('peerChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(peerChecks, pairHarness)).toEqual([])
  })

  test('catch a transport that cannot abort, and one that closes instead', async () => {
    const inert = await noticedBy(peerChecks, () => ({ abortConnection: () => undefined }))
    expect(inert).toContain('survives a peer that aborts at once')
    const polite = await noticedBy(peerChecks, (transport) => ({
      abortConnection: () => transport.loseConnection(),
    }))
    expect(polite).toContain('survives a peer that aborts at once')
  })

  test('catch a transport without a cap of its queue', async () => {
    const noticed = await noticedBy(peerChecks, () => ({ write: () => true }))
    expect(noticed).toContain('queues no more than the cap for a peer that reads nothing, then aborts')
  })
})
