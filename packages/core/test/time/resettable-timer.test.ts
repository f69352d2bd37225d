import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing.ts'
import { ResettableTimer } from '../../src/time/resettable-timer.ts'

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
