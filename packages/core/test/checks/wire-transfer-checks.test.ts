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
      expect.stringContaining('brings nothing more once it is paused within wireData'),
    )
    expect(noticed).toContainEqual(expect.stringContaining('brings nothing while it is paused'))
  })

  test('catch a wire that never reads again', async () => {
    const noticed = await wireFailuresOf(wireReadChecks, () => ({ resume: () => undefined }))
    expect(noticed).toContainEqual(expect.stringContaining('goes on where it was once resumed'))
  })
})

describe('wireWriteChecks', () => {
  test('find nothing wrong with wires in memory', async () => {
    expect(await wireFailuresOf(wireWriteChecks)).toEqual([])
  })

  test('catch a wire that returns true for whatever it is handed', async () => {
    const noticed = await wireFailuresOf(wireWriteChecks, ({ wire }) => {
      const write = wire.write.bind(wire)
      return {
        write: (parts) => {
          write(parts)
          return true
        },
      }
    })
    expect(noticed).toEqual([expect.stringContaining('returns false for more than the peer takes')])
  })

  test('catch a wire that does not notify when all has left', async () => {
    const noticed = await wireFailuresOf(wireWriteChecks, ({ attach }) => ({
      attach: (events) => attach(withMethods(events, { wireWritable: () => undefined })),
    }))
    expect(noticed).toEqual([expect.stringContaining('returns false for more than the peer takes')])
  })
})
