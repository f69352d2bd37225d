import { Clock } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { type Awaited, PhaseTimeout } from '../../src/server/phase-timeout.ts'

describe('Awaiting', () => {
  const make = (): { clock: Clock; expired: Awaited[]; awaiting: PhaseTimeout } => {
    const clock = new Clock()
    const expired: Awaited[] = []
    const awaiting = new PhaseTimeout(
      () => clock,
      (awaited) => expired.push(awaited),
    )
    return { clock, expired, awaiting }
  }

  test('expires once, for the event that was set last, at its time', () => {
    const { clock, expired, awaiting } = make()
    awaiting.set('first byte', 1000)
    clock.advance(600)
    awaiting.set('head', 1000)
    clock.advance(999)
    expect([expired, awaiting.awaited]).toEqual([[], 'head'])
    clock.advance(1)
    expect(expired).toEqual(['head'])
    clock.advance(10_000)
    expect(expired).toEqual(['head'])
  })

  test('can be set to an earlier time, and cleared', () => {
    const { clock, expired, awaiting } = make()
    awaiting.set('next request', 1000)
    awaiting.set('body', 100)
    clock.advance(100)
    expect(expired).toEqual(['body'])
    awaiting.set('body', 100)
    awaiting.clear()
    clock.advance(1000)
    expect(expired).toEqual(['body'])
  })

  test('leaves no timer once stopped', () => {
    const { clock, awaiting } = make()
    awaiting.stop()
    awaiting.set('body', 100)
    awaiting.stop()
    expect([clock.getDelayedCalls(), awaiting.awaited]).toEqual([[], undefined])
  })
})
