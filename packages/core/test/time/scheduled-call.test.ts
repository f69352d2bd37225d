import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing.ts'
import { AlreadyCalled, AlreadyCancelled } from '../../src/time.ts'

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
