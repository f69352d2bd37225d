import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { Deadline } from '../../src/transport/deadline.ts'
import { DeadlineWheel } from '../../src/transport/deadline-wheel.ts'

describe('DeadlineWheel', () => {
  test('keeps ten thousand deadlines with one timer', () => {
    const clock = new Clock()
    const passed: number[] = []
    const deadlines = Array.from(
      { length: 10_000 },
      (_, index) => new Deadline(clock, () => passed.push(index)),
    )
    for (const [index, deadline] of deadlines.entries()) deadline.set(100 * (index % 7) + 100)
    expect(clock.getDelayedCalls()).toHaveLength(1)
    clock.advance(700)
    expect([passed.length, clock.getDelayedCalls()]).toEqual([10_000, []])
  })

  test.each([51_100, 51_200, 51_300, 102_400, 3_600_000])(
    'keeps one of %i ms, whatever its size',
    (delayMs) => {
      const clock = new Clock()
      const passed: number[] = []
      new Deadline(clock, () => passed.push(clock.now())).set(delayMs)
      clock.advance(delayMs - 1)
      expect(passed).toEqual([])
      clock.advance(1)
      expect([passed, clock.getDelayedCalls()]).toEqual([[delayMs], []])
    },
  )

  test.each([
    ['while the wheel turns', true],
    ['while it rests', false],
  ])('passes one of 0 ms that is set at a tick with the next tick, %s', (_when, turns) => {
    const clock = new Clock()
    const [other, passed] = [new Deadline(clock, () => undefined), [] as number[]]
    if (turns) other.set(60_000)
    for (let tick = 0; tick < 10; tick++) clock.advance(100)
    const deadline = new Deadline(clock, () => passed.push(clock.now()))
    deadline.set(0)
    for (let tick = 0; tick < 1024; tick++) clock.advance(100)
    expect(passed).toEqual([1100])
  })

  test('passes one that is made earlier to the tick that has come up with the next tick', () => {
    const [clock, passed] = [new Clock(), [] as number[]]
    const deadline = new Deadline(clock, () => passed.push(clock.now()))
    deadline.set(40_000)
    for (let tick = 0; tick < 10; tick++) clock.advance(100)
    deadline.set(0)
    for (let tick = 0; tick < 1024; tick++) clock.advance(100)
    expect(passed).toEqual([1100])
  })

  test('does not hold it against peers when the event loop stands still', () => {
    const clock = new Clock()
    let stalledMs = 0
    // Calls that are due during a stall come behind it, as with real timers.
    const time = {
      now: () => clock.now() + stalledMs,
      callLater: (delayMs: number, call: () => unknown) => clock.callLater(delayMs, call),
    }
    const passed: number[] = []
    const deadline = new Deadline({ deadlines: new DeadlineWheel(time as never) }, () =>
      passed.push(time.now()),
    )
    deadline.set(1000)
    clock.advance(450)
    stalledMs = 30_000
    clock.advance(50)
    expect(passed).toEqual([])
    clock.advance(400)
    expect(passed).toEqual([])
    clock.advance(300)
    expect(passed.length).toBe(1)
  })

  test('lets the others pass when one fails, and does not hide its error', () => {
    const clock = new Clock()
    const passed: string[] = []
    const failing = new Deadline(clock, () => {
      throw new Error('a fault')
    })
    failing.set(100)
    new Deadline(clock, () => passed.push('the other')).set(100)
    expect(() => clock.advance(100)).toThrow('a fault')
    expect(passed).toEqual(['the other'])
  })

  test('passes none that another has called off in the same tick', () => {
    const clock = new Clock()
    const passed: string[] = []
    const second = new Deadline(clock, () => passed.push('second'))
    new Deadline(clock, () => second.clear()).set(100)
    second.set(100)
    clock.advance(1000)
    expect(passed).toEqual([])
  })

  test('goes on after a reactor that stops has cancelled its call', () => {
    const clock = new Clock()
    const passed: number[] = []
    const deadline = new Deadline(clock, () => passed.push(clock.now()))
    deadline.set(100)
    for (const call of clock.getDelayedCalls()) call.cancel()
    deadline.clear()
    deadline.set(200)
    clock.advance(200)
    expect(passed).toEqual([200])
  })
})
