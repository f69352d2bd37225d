import { describe, expect, test } from 'vitest'
import { switchChecks } from '../../src/checks/switch-checks.ts'
import { failuresOf, noticedBy } from '../lying-harness.ts'
import { pairHarness } from '../memory-harness.ts'

describe('switchChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(switchChecks, pairHarness)).toEqual([])
  })

  test('catch a switch that loses the unread bytes', async () => {
    const noticed = await noticedBy(switchChecks, (transport) => {
      const switchProtocol = transport.switchProtocol.bind(transport)
      return { switchProtocol: (next) => switchProtocol(next) }
    })
    expect(noticed).toContainEqual(expect.stringContaining('gives the next protocol the unread bytes first'))
  })
})
