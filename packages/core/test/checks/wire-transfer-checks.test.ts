import { describe, expect, test } from 'vitest'
import { wireReadChecks, wireWriteChecks } from '../../src/checks/wire-transfer-checks.ts'
import { wireFailuresOf, withMethods } from '../wire-failures.ts'

describe('wireReadChecks', () => {
  test('find nothing wrong with wires in memory', async () => {
    expect(await wireFailuresOf(wireReadChecks)).toEqual([])
  })

  test('catch a wire that cannot be paused', async () => {
    const noticed = await wireFailuresOf(wireReadChecks, () => ({ pause: () => undefined }))
    expect(noticed).toContainEqual(
      expect.stringContaining('delivers nothing more once it is paused within wireData'),
    )
    expect(noticed).toContainEqual(expect.stringContaining('delivers nothing while it is paused'))
  })

  test('catch a wire that never reads again', async () => {
    const noticed = await wireFailuresOf(wireReadChecks, () => ({ resume: () => undefined }))
    expect(noticed).toContainEqual(expect.stringContaining('continues once resumed'))
  })
})

describe('wireWriteChecks', () => {
  test('find nothing wrong with wires in memory', async () => {
    expect(await wireFailuresOf(wireWriteChecks)).toEqual([])
  })

  test('catch a wire that always returns true from write', async () => {
    const noticed = await wireFailuresOf(wireWriteChecks, ({ wire }) => {
      const write = wire.write.bind(wire)
      return {
        write: (parts) => {
          write(parts)
          return true
        },
      }
    })
    expect(noticed).toEqual([expect.stringContaining('returns false for more than the peer reads')])
  })

  test('catch a wire that never calls wireWritable', async () => {
    const noticed = await wireFailuresOf(wireWriteChecks, ({ attach }) => ({
      attach: (events) => attach(withMethods(events, { wireWritable: () => undefined })),
    }))
    expect(noticed).toEqual([expect.stringContaining('returns false for more than the peer reads')])
  })
})
