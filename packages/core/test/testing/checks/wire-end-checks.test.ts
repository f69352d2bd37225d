import { describe, expect, test } from 'vitest'
import { wireEndChecks } from '../../../src/testing/checks/wire-end-checks.ts'
import { IGNORING, withMethods, wireFailuresOf } from '../../wire-failures.ts'

describe('wireEndChecks', () => {
  test('find nothing wrong with wires in memory', async () => {
    expect(await wireFailuresOf(wireEndChecks)).toEqual([])
  })

  test('catch a wire that loses an end, or notifies it twice', async () => {
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
    expect(noticed).toContainEqual(
      expect.stringContaining('notifies an end that came before it was attached'),
    )
  })
})
