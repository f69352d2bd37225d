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
    expect(noticed).toContainEqual(expect.stringContaining('calls a pull producer within registerProducer'))
  })

  test('catch a transport that unregisters a producer without stopping it', async () => {
    const noticed = await noticedBy(producerChecks, (transport) => ({
      stopProducer: () => transport.unregisterProducer(),
    }))
    expect(noticed).toEqual([
      'stops and unregisters a producer of either kind at stopProducer, so that a close no longer waits for it',
      'keeps sending after a producer was stopped, and accepts the next one',
    ])
  })
})
