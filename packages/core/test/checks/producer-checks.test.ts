import { describe, expect, test } from 'vitest'
import { producerChecks } from '../../src/checks/producer-checks.ts'
import { failuresOf, noticedBy } from '../lying-harness.ts'
import { pairHarness } from '../memory-harness.ts'

describe('producerChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(producerChecks, pairHarness)).toEqual([])
  })

  test('catch a transport that ignores producers', async () => {
    const noticed = await noticedBy(producerChecks, () => ({ registerProducer: () => undefined }))
    expect(noticed).toContainEqual(expect.stringContaining('asks a pull producer within registerProducer'))
  })

  test('catch a transport that unregisters a producer without stopping it', async () => {
    const noticed = await noticedBy(producerChecks, (transport) => ({
      stopProducer: () => transport.unregisterProducer(),
    }))
    expect(noticed).toEqual([
      'stops and unregisters a producer of either kind when asked, so that a close waits for it no longer',
      'goes on sending after a producer was stopped, and takes the next one',
    ])
  })
})
