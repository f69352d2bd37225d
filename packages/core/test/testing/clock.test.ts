import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing.ts'
import { AlreadyCancelled } from '../../src/time.ts'

describe('Clock', () => {
  test('stands still until it is advanced', () => {
    const clock = new Clock()
    expect(clock.now()).toBe(0)
    clock.advance(1500)
    expect(clock.now()).toBe(1500)
    expect(new Date(clock.wallClock()).toISOString()).toBe('2026-01-01T00:00:01.500Z')
  })

  test('makes each call at its own time', () => {
    const clock = new Clock()
    const seen: unknown[] = []
    for (const delayMs of [30, 10, 20])
      clock.callLater(delayMs, (tag) => seen.push([tag, clock.now()]), delayMs)
    clock.advance(25)
    expect(seen).toEqual([
      [10, 10],
      [20, 20],
    ])
    clock.advance(5)
    expect(seen.at(-1)).toEqual([30, 30])
  })

  test('makes calls of the same time in the order in which they were scheduled', () => {
    const clock = new Clock()
    const seen: string[] = []
    for (const tag of 'abc') clock.callLater(5, () => seen.push(tag))
    clock.advance(5)
    expect(seen.join('')).toBe('abc')
  })

  test('makes calls that another call scheduled, if they are due within the advance', () => {
    const clock = new Clock()
    const seen: number[] = []
    const again = (): void => {
      seen.push(clock.now())
      clock.callLater(10, again)
    }
    clock.callLater(10, again)
    clock.advance(35)
    expect(seen).toEqual([10, 20, 30])
    expect(clock.now()).toBe(35)
  })

  test('lists pending calls, without those cancelled or made', () => {
    const clock = new Clock()
    const [made, cancelled, ahead] = [1, 2, 3].map((delayMs) => clock.callLater(delayMs, () => undefined))
    cancelled?.cancel()
    clock.advance(2)
    expect(clock.getDelayedCalls()).toEqual([ahead])
    expect([made?.active(), cancelled?.active(), ahead?.active()]).toEqual([false, false, true])
    expect(() => cancelled?.cancel()).toThrow(AlreadyCancelled)
  })

  test('makes a moved call at its new time', () => {
    const clock = new Clock()
    const seen: number[] = []
    const call = clock.callLater(10, () => seen.push(clock.now()))
    clock.advance(5)
    call.reset(10)
    clock.advance(9)
    expect(seen).toEqual([])
    call.delay(-1)
    clock.advance(0)
    expect(seen).toEqual([14])
  })

  test('makes a moved call after the other calls of its new time, once', () => {
    const clock = new Clock()
    const seen: string[] = []
    const moved = clock.callLater(1, () => seen.push('moved'))
    clock.callLater(5, () => seen.push('there before'))
    moved.reset(5)
    moved.reset(5)
    expect(clock.getDelayedCalls()).toHaveLength(2)
    clock.advance(5)
    expect(seen).toEqual(['there before', 'moved'])
  })

  test('rethrows the error of a call, which does not run again', () => {
    const clock = new Clock()
    clock.callLater(1, () => {
      throw new Error('mine')
    })
    expect(() => clock.advance(1)).toThrow('mine')
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('throws when each call schedules the next without delay', () => {
    const clock = new Clock()
    clock.advance(5)
    const again = (): void => void clock.callLater(0, again)
    again()
    expect(() => clock.advance(1)).toThrow('Cannot advance: time is still 5 ms after 100000 calls')
  })
})
