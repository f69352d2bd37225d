import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { Deadline } from '../../src/transport/deadline.ts'

describe('Deadline', () => {
  const make = (): { clock: Clock; passed: number[]; deadline: Deadline } => {
    const [clock, passed] = [new Clock(), [] as number[]]
    return { clock, passed, deadline: new Deadline(clock, () => passed.push(clock.now())) }
  }

  test('passes once, as long after it was last set, however often it was put off', () => {
    const { clock, passed, deadline } = make()
    for (let count = 0; count < 100; count++) {
      deadline.set(1000)
      clock.advance(500)
    }
    expect([passed, deadline.ahead]).toEqual([[], true])
    clock.advance(10_000)
    expect([passed, deadline.ahead]).toEqual([[50_500], false])
  })

  test('passes up to 100 ms late, never early', () => {
    const { clock, passed, deadline } = make()
    clock.advance(30)
    deadline.set(1)
    clock.advance(69)
    expect(passed).toEqual([])
    clock.advance(1)
    deadline.set(100)
    clock.advance(100)
    expect(passed).toEqual([100, 200])
  })

  test('can be cleared and set at any time, also after it has passed, and leaves no timer', () => {
    const { clock, passed, deadline } = make()
    deadline.clear()
    deadline.set(100)
    deadline.clear()
    deadline.clear()
    expect(clock.getDelayedCalls()).toEqual([])
    clock.advance(500)
    deadline.set(100)
    clock.advance(500)
    expect([passed, deadline.dueMs, clock.getDelayedCalls()]).toEqual([[600], Infinity, []])
  })

  test('can be set from what it calls', () => {
    const clock = new Clock()
    const passed: number[] = []
    const deadline = new Deadline(clock, () => {
      passed.push(clock.now())
      if (passed.length < 3) deadline.set(200)
    })
    deadline.set(200)
    clock.advance(10_000)
    expect(passed).toEqual([200, 400, 600])
  })

  test('can be made earlier', () => {
    const { clock, passed, deadline } = make()
    deadline.set(60_000)
    deadline.set(300)
    clock.advance(60_000)
    expect(passed).toEqual([300])
  })

  test('refuses a time that makes no sense', () => {
    const { deadline } = make()
    for (const delayMs of [-1, Number.NaN]) expect(() => deadline.set(delayMs)).toThrow(RangeError)
    for (const delayMs of ['5000', null, undefined]) {
      expect(() => deadline.set(delayMs as unknown as number)).toThrow(TypeError)
    }
    expect(deadline.ahead).toBe(false)
  })

  test('leaves nothing on the wheel when it is set to for ever', () => {
    const { clock, passed, deadline } = make()
    deadline.set(Infinity)
    deadline.clear()
    deadline.set(100)
    deadline.set(Infinity)
    clock.advance(100_000)
    expect([passed, deadline.ahead, clock.getDelayedCalls()]).toEqual([[], false, []])
  })

  test('does not pass with another that puts it off', () => {
    const { clock, passed, deadline } = make()
    const other = new Deadline(clock, () => deadline.set(10_000))
    other.set(200)
    deadline.set(200)
    clock.advance(5000)
    expect(passed).toEqual([])
    clock.advance(10_000)
    expect([passed, clock.getDelayedCalls()]).toEqual([[10_200], []])
  })
})
