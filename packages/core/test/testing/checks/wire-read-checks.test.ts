import { describe, expect, test } from 'vitest'
import { wireReadChecks } from '../../../src/testing/checks/wire-read-checks.ts'
import { wireFailuresOf } from '../../wire-failures.ts'

describe('wireReadChecks', () => {
  test('find nothing wrong with wires in memory', async () => {
    expect(await wireFailuresOf(wireReadChecks)).toEqual([])
  })

  test('catch a wire that cannot be paused', async () => {
    const noticed = await wireFailuresOf(wireReadChecks, () => ({ pause: () => undefined }))
    expect(noticed).toContainEqual(
      expect.stringContaining('brings nothing more once it is paused within wireData'),
    )
    expect(noticed).toContainEqual(expect.stringContaining('brings nothing while it is paused'))
  })

  test('catch a wire that never reads again', async () => {
    const noticed = await wireFailuresOf(wireReadChecks, () => ({ resume: () => undefined }))
    expect(noticed).toContainEqual(expect.stringContaining('goes on where it was once resumed'))
  })
})
