import { describe, expect, test } from 'vitest'
import { wireCloseChecks } from '../../../src/testing/checks/wire-close-checks.ts'
import type { WireEvents } from '../../../src/interfaces/wire.ts'
import { withMethods, wireFailuresOf } from '../../wire-failures.ts'

describe('wireCloseChecks', () => {
  test('find nothing wrong with wires in memory', async () => {
    expect(await wireFailuresOf(wireCloseChecks)).toEqual([])
  })

  test('catch a wire that is never gone', async () => {
    const noticed = await wireFailuresOf(wireCloseChecks, ({ attach }) => ({
      attach: (events) => attach(withMethods(events, { wireClosed: () => undefined })),
    }))
    expect(noticed.length).toBe(wireCloseChecks.length)
  })

  test('catch a wire whose abort is an end, and one that closes within the call', async () => {
    const mild = await wireFailuresOf(wireCloseChecks, ({ wire }) => ({ abort: () => wire.close() }))
    expect(mild).toContainEqual(expect.stringContaining('notifies a reset while it is paused'))
    const hasty = await wireFailuresOf(wireCloseChecks, ({ wire, attach }) => {
      let attachedEvents: WireEvents | undefined
      const abort = wire.abort.bind(wire)
      return {
        attach: (events) => attach((attachedEvents = events)),
        abort: () => {
          abort()
          attachedEvents?.wireClosed(undefined)
        },
      }
    })
    expect(hasty).toContainEqual(expect.stringContaining('once and last, not within the call'))
  })
})
