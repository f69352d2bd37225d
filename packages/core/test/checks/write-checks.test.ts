import { describe, expect, test } from 'vitest'
import { writeChecks } from '../../src/checks/write-checks.ts'
import { failuresOf, noticedBy } from '../lying-harness.ts'
import { pairHarness } from '../memory-harness.ts'

describe('writeChecks', () => {
  test('find nothing wrong with a sound transport', async () => {
    expect(await failuresOf(writeChecks, pairHarness)).toEqual([])
  })

  test('catch a write that always returns true', async () => {
    const noticed = await noticedBy(writeChecks, (transport) => {
      const write = transport.write.bind(transport)
      return { write: (data) => write(data) || true }
    })
    expect(noticed).toContainEqual(expect.stringContaining('drops writes after a close'))
  })
})
