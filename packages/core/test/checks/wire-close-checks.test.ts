import { describe, expect, test } from 'vitest'
import { wireCloseChecks, wireEndChecks } from '../../src/checks/wire-close-checks.ts'
import type { WireEvents } from '../../src/reactor.ts'
import { IGNORING, wireFailuresOf, withMethods } from '../wire-failures.ts'

describe('wireEndChecks', () => {
  test('find nothing wrong with wires in memory', async () => {
    expect(await wireFailuresOf(wireEndChecks)).toEqual([])
  })

  test('catch a wire that loses the end, or notifies it twice', async () => {
    const lost = await wireFailuresOf(wireEndChecks, ({ attach }) => ({
      attach: (events) => attach(withMethods(events, { wireEnded: () => undefined })),
    }))
    expect(lost.length).toBe(wireEndChecks.length)
    const twice = await wireFailuresOf(wireEndChecks, ({ attach }) => ({
      attach: (events) =>
        attach(
          withMethods(events, {
            wireEnded: () => {
              events.wireEnded()
              events.wireEnded()
            },
          }),
        ),
    }))
    expect(twice).toContainEqual(expect.stringContaining('notifies the end once'))
  })

  test('catch a wire that is attached too late to see an end', async () => {
    const noticed = await wireFailuresOf(wireEndChecks, ({ wire, attach }) => {
      attach(IGNORING)
      return {
        attach: (events) => {
          wire.pause()
          attach(events)
          wire.resume()
        },
      }
    })
    expect(noticed).toContainEqual(expect.stringContaining('notifies an end received before attach'))
  })
})

describe('wireCloseChecks', () => {
  test('find nothing wrong with wires in memory', async () => {
    expect(await wireFailuresOf(wireCloseChecks)).toEqual([])
  })

  test('catch a wire that never closes', async () => {
    const noticed = await wireFailuresOf(wireCloseChecks, ({ attach }) => ({
      attach: (events) => attach(withMethods(events, { wireClosed: () => undefined })),
    }))
    expect(noticed.length).toBe(wireCloseChecks.length)
  })

  test('catch a wire that sends a FIN at abort, and one that closes within the call', async () => {
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
