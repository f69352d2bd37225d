import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeadlineWheel } from '../../src/reactor.ts'
import { Clock } from '../../src/testing.ts'
import { Deadline } from '../../src/time.ts'

describe('Deadline', () => {
  const make = (): { clock: Clock; expired: number[]; deadline: Deadline } => {
    const [clock, expired] = [new Clock(), [] as number[]]
    return { clock, expired, deadline: new Deadline(clock, () => expired.push(clock.now())) }
  }

  test('expires once, after the delay of the last set, however often it was postponed', () => {
    const { clock, expired, deadline } = make()
    for (let count = 0; count < 100; count++) {
      deadline.set(1000)
      clock.advance(500)
    }
    expect([expired, deadline.ahead]).toEqual([[], true])
    clock.advance(10_000)
    expect([expired, deadline.ahead]).toEqual([[50_500], false])
  })

  test('expires up to 100 ms late, never early', () => {
    const { clock, expired, deadline } = make()
    clock.advance(30)
    deadline.set(1)
    clock.advance(69)
    expect(expired).toEqual([])
    clock.advance(1)
    deadline.set(100)
    clock.advance(100)
    expect(expired).toEqual([100, 200])
  })

  test('can be cleared and set at any time, also after it has expired, and leaves no timer', () => {
    const { clock, expired, deadline } = make()
    deadline.clear()
    deadline.set(100)
    deadline.clear()
    deadline.clear()
    expect(clock.getDelayedCalls()).toEqual([])
    clock.advance(500)
    deadline.set(100)
    clock.advance(500)
    expect([expired, deadline.dueMs, clock.getDelayedCalls()]).toEqual([[600], Infinity, []])
  })

  test('can be set again from its callback', () => {
    const clock = new Clock()
    const expired: number[] = []
    const deadline = new Deadline(clock, () => {
      expired.push(clock.now())
      if (expired.length < 3) deadline.set(200)
    })
    deadline.set(200)
    clock.advance(10_000)
    expect(expired).toEqual([200, 400, 600])
  })

  test('can be moved to an earlier time', () => {
    const { clock, expired, deadline } = make()
    deadline.set(60_000)
    deadline.set(300)
    clock.advance(60_000)
    expect(expired).toEqual([300])
  })

  test('refuses an invalid delay', () => {
    const { deadline } = make()
    for (const delayMs of [-1, Number.NaN]) expect(() => deadline.set(delayMs)).toThrow(RangeError)
    for (const delayMs of ['5000', null, undefined]) {
      expect(() => deadline.set(delayMs as unknown as number)).toThrow(TypeError)
    }
    expect(deadline.ahead).toBe(false)
  })

  test('is not watched when it is set to Infinity', () => {
    const { clock, expired, deadline } = make()
    deadline.set(Infinity)
    deadline.clear()
    deadline.set(100)
    deadline.set(Infinity)
    clock.advance(100_000)
    expect([expired, deadline.ahead, clock.getDelayedCalls()]).toEqual([[], false, []])
  })

  test('does not expire when another deadline of the same tick postpones it', () => {
    const { clock, expired, deadline } = make()
    const other = new Deadline(clock, () => deadline.set(10_000))
    other.set(200)
    deadline.set(200)
    clock.advance(5000)
    expect(expired).toEqual([])
    clock.advance(10_000)
    expect([expired, clock.getDelayedCalls()]).toEqual([[10_200], []])
  })
})

describe('DeadlineWheel', () => {
  test('watches ten thousand deadlines with one timer', () => {
    const clock = new Clock()
    const expired: number[] = []
    const deadlines = Array.from(
      { length: 10_000 },
      (_, index) => new Deadline(clock, () => expired.push(index)),
    )
    for (const [index, deadline] of deadlines.entries()) deadline.set(100 * (index % 7) + 100)
    expect(clock.getDelayedCalls()).toHaveLength(1)
    clock.advance(700)
    expect([expired.length, clock.getDelayedCalls()]).toEqual([10_000, []])
  })

  test('watches each deadline whatever is set, postponed, moved forward and cleared', () => {
    const step = fc.record({
      index: fc.nat(COUNT - 1),
      delayMs: fc.oneof(fc.nat(500), fc.nat(60_000), fc.constant(Infinity)),
      advanceMs: fc.oneof(fc.constant(0), fc.nat(150)),
    })
    const property = fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
      const clock = new Clock()
      const wheel = new DeadlineWheel(clock)
      const [dueMs, lateMs] = [new Map<number, number>(), [] as number[]]
      const deadlines = Array.from({ length: COUNT }, (_, index) => {
        return new Deadline({ deadlines: wheel }, () => {
          lateMs.push(clock.now() - (dueMs.get(index) ?? Infinity))
          dueMs.delete(index)
        })
      })
      for (const { index, delayMs, advanceMs } of steps) {
        deadlines[index]?.set(delayMs)
        if (delayMs === Infinity) dueMs.delete(index)
        else dueMs.set(index, clock.now() + delayMs)
        clock.advance(advanceMs)
        expect(wheel.size).toBe(dueMs.size)
      }
      clock.advance(120_000)
      expect(lateMs.filter((late) => !(late >= 0 && late <= 100))).toEqual([])
      expect([dueMs.size, wheel.size, clock.getDelayedCalls()]).toEqual([0, 0, []])
    })
    fc.assert(property, { seed: 5, numRuns: 50 })
  })

  test('expires two hundred thousand deadlines of one tick', () => {
    const clock = new Clock()
    let expired = 0
    for (let count = 0; count < 200_000; count++) new Deadline(clock, () => expired++).set(100)
    clock.advance(100)
    expect(expired).toBe(200_000)
  })

  test.each([51_100, 51_200, 51_300, 102_400, 3_600_000])(
    'expires a deadline of %i ms on time',
    (delayMs) => {
      const clock = new Clock()
      const expired: number[] = []
      new Deadline(clock, () => expired.push(clock.now())).set(delayMs)
      clock.advance(delayMs - 1)
      expect(expired).toEqual([])
      clock.advance(1)
      expect([expired, clock.getDelayedCalls()]).toEqual([[delayMs], []])
    },
  )

  test.each([
    ['with other deadlines', true],
    ['without other deadlines', false],
  ])('expires a deadline of 0 ms that is set at a tick at the next tick, %s', (_when, turns) => {
    const clock = new Clock()
    const [other, expired] = [new Deadline(clock, () => undefined), [] as number[]]
    if (turns) other.set(60_000)
    for (let tick = 0; tick < 10; tick++) clock.advance(100)
    const deadline = new Deadline(clock, () => expired.push(clock.now()))
    deadline.set(0)
    for (let tick = 0; tick < 1024; tick++) clock.advance(100)
    expect(expired).toEqual([1100])
  })

  test('expires a deadline that is moved to the current tick at the next tick', () => {
    const [clock, expired] = [new Clock(), [] as number[]]
    const deadline = new Deadline(clock, () => expired.push(clock.now()))
    deadline.set(40_000)
    for (let tick = 0; tick < 10; tick++) clock.advance(100)
    deadline.set(0)
    for (let tick = 0; tick < 1024; tick++) clock.advance(100)
    expect(expired).toEqual([1100])
  })

  test('does not count time during which the event loop is blocked', () => {
    const clock = new Clock()
    let stalledMs = 0
    // Calls that are due while the loop is blocked are made afterwards, as with real timers.
    const time = {
      now: () => clock.now() + stalledMs,
      callLater: (delayMs: number, call: () => unknown) => clock.callLater(delayMs, call),
    }
    const expired: number[] = []
    const deadline = new Deadline({ deadlines: new DeadlineWheel(time as never) }, () =>
      expired.push(time.now()),
    )
    deadline.set(1000)
    clock.advance(450)
    stalledMs = 30_000
    clock.advance(50)
    expect(expired).toEqual([])
    clock.advance(400)
    expect(expired).toEqual([])
    clock.advance(300)
    expect(expired.length).toBe(1)
  })

  test('expires all deadlines of a tick when one throws, and then throws its error', () => {
    const clock = new Clock()
    const expired: string[] = []
    const failing = new Deadline(clock, () => {
      throw new Error('a fault')
    })
    failing.set(100)
    new Deadline(clock, () => expired.push('the other')).set(100)
    expect(() => clock.advance(100)).toThrow('a fault')
    expect(expired).toEqual(['the other'])
  })

  test('does not expire a deadline that another one has cleared in the same tick', () => {
    const clock = new Clock()
    const expired: string[] = []
    const second = new Deadline(clock, () => expired.push('second'))
    new Deadline(clock, () => second.clear()).set(100)
    second.set(100)
    clock.advance(1000)
    expect(expired).toEqual([])
  })

  test('works again after a stopping reactor has cancelled its call', () => {
    const clock = new Clock()
    const expired: number[] = []
    const deadline = new Deadline(clock, () => expired.push(clock.now()))
    deadline.set(100)
    for (const call of clock.getDelayedCalls()) call.cancel()
    deadline.clear()
    deadline.set(200)
    clock.advance(200)
    expect(expired).toEqual([200])
  })
})

/** How many deadlines a generated program has. */
const COUNT = 20
