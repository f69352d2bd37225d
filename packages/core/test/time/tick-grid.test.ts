import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { TickGrid } from '../../src/time/tick-grid.ts'

describe('TickGrid', () => {
  const gridAt = (startMs: number, intervalMs: number): { clock: Clock; grid: TickGrid } => {
    const clock = new Clock()
    clock.advance(startMs)
    return { clock, grid: new TickGrid(clock, intervalMs) }
  }

  test('counts the ticks that were missed, and keeps to its grid', () => {
    const { clock, grid } = gridAt(7, 100)
    expect(grid.untilNextMs()).toBe(100)
    clock.advance(130)
    expect([grid.take(), grid.untilNextMs()]).toEqual([1, 70])
    clock.advance(270)
    expect([grid.take(), grid.untilNextMs()]).toEqual([3, 100])
  })

  test('does not offer a tick whose time is now: it was missed', () => {
    const { clock, grid } = gridAt(0, 100)
    grid.untilNextMs()
    clock.advance(100)
    grid.take()
    clock.advance(100)
    expect(grid.untilNextMs()).toBe(100)
    clock.advance(100)
    expect(grid.take()).toBe(2)
  })

  test('takes a tick once, though the timer comes before its time', () => {
    const { clock, grid } = gridAt(0, 100)
    const taken: number[] = []
    for (let at = 0; at < 3; at++) {
      clock.advance(grid.untilNextMs() - 0.5)
      taken.push(grid.take())
    }
    expect([taken, clock.now()]).toEqual([[1, 1, 1], 299.5])
  })

  test('begins anew without what was missed', () => {
    const { clock, grid } = gridAt(0, 100)
    grid.untilNextMs()
    clock.advance(350)
    grid.restart()
    expect(grid.untilNextMs()).toBe(100)
    clock.advance(100)
    expect(grid.take()).toBe(1)
  })

  test('has a tick in every turn when the interval is 0, and none when it is infinite', () => {
    const { clock, grid } = gridAt(0, 0)
    clock.advance(50)
    expect([grid.untilNextMs(), grid.take(), grid.untilNextMs()]).toEqual([0, 1, 0])
    expect(new TickGrid(clock, Infinity).untilNextMs()).toBe(Infinity)
  })

  test.each([-1, NaN])('refuses an interval of %d', (intervalMs) => {
    expect(() => new TickGrid(new Clock(), intervalMs)).toThrow(RangeError)
  })
})
