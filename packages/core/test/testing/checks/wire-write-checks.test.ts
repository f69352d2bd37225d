import { describe, expect, test } from 'vitest'
import { wireWriteChecks } from '../../../src/testing/checks/wire-write-checks.ts'
import { withMethods, wireFailuresOf } from '../../wire-failures.ts'

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
