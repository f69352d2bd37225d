import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing.ts'
import { AlreadyCalled, AlreadyCancelled } from '../../src/time.ts'
import { ResettableTimer } from '../../src/time/timers.ts'

describe('ScheduledCall', () => {
  test('measures reset from now, and delay from the due time', () => {
    const clock = new Clock()
    const call = clock.callLater(100, () => undefined)
    clock.advance(40)
    call.delay(50)
    expect(call.getTime()).toBe(150)
    call.reset(50)
    expect(call.getTime()).toBe(90)
  })

  test('refuses cancel, reset and delay once it was made', () => {
    const clock = new Clock()
    const call = clock.callLater(0, () => undefined)
    clock.advance(0)
    expect(call.active()).toBe(false)
    for (const attempt of [() => call.cancel(), () => call.reset(1), () => call.delay(1)]) {
      expect(attempt).toThrow(AlreadyCalled)
    }
  })

  test('is no longer active while it runs', () => {
    const clock = new Clock()
    const seen: unknown[] = []
    const call = clock.callLater(0, () => {
      seen.push(call.active())
      expect(() => call.reset(1)).toThrow(AlreadyCalled)
    })
    clock.advance(0)
    expect(seen).toEqual([false])
  })

  test('refuses cancel, reset and delay once it was cancelled', () => {
    const call = new Clock().callLater(0, () => undefined)
    call.cancel()
    expect(call.active()).toBe(false)
    for (const attempt of [() => call.cancel(), () => call.reset(1), () => call.delay(1)]) {
      expect(attempt).toThrow(AlreadyCancelled)
    }
  })

  test('refuses invalid delays', () => {
    const clock = new Clock()
    const call = clock.callLater(10, () => undefined)
    for (const wrong of [-1, NaN]) {
      expect(() => clock.callLater(wrong, () => undefined)).toThrow(RangeError)
      expect(() => call.reset(wrong)).toThrow(RangeError)
    }
    expect(() => call.delay(NaN)).toThrow(RangeError)
    expect(clock.getDelayedCalls()).toEqual([call])
    expect(call.getTime()).toBe(10)
  })
})

describe('ResettableTimer', () => {
  const make = (): { clock: Clock; passed: number[]; deadline: ResettableTimer } => {
    const [clock, passed] = [new Clock(), [] as number[]]
    return { clock, passed, deadline: new ResettableTimer(clock, () => passed.push(clock.now())) }
  }

  test('fires once, after the delay of the last set', () => {
    const { clock, passed, deadline } = make()
    deadline.set(10)
    clock.advance(9)
    deadline.set(10)
    clock.advance(9)
    expect([passed, deadline.ahead]).toEqual([[], true])
    clock.advance(100)
    expect([passed, deadline.ahead]).toEqual([[19], false])
  })

  test('can be cleared and set at any time, also after it has fired', () => {
    const { clock, passed, deadline } = make()
    deadline.clear()
    deadline.set(1)
    deadline.clear()
    clock.advance(5)
    deadline.set(1)
    clock.advance(5)
    deadline.clear()
    deadline.set(1)
    clock.advance(5)
    expect(passed).toEqual([6, 11])
  })

  test('works again after a stopping reactor has cancelled its call', () => {
    const { clock, passed, deadline } = make()
    deadline.set(1)
    for (const call of clock.getDelayedCalls()) call.cancel()
    deadline.clear()
    expect(deadline.ahead).toBe(false)
    deadline.set(1)
    clock.advance(1)
    expect(passed).toEqual([1])
  })

  test('uses one delayed call, however often it is postponed', () => {
    const { clock, deadline } = make()
    for (let i = 0; i < 100; i++) deadline.set(i)
    expect(clock.getDelayedCalls()).toHaveLength(1)
  })
})
