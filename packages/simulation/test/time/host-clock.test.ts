import { describe, expect, test } from 'vitest'
import { HostClock } from '../../src/time/host-clock.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

describe('HostClock', () => {
  const make = (): { timeline: EventQueue; clock: HostClock; told: string[] } => {
    const [timeline, told] = [new EventQueue(), [] as string[]]
    timeline.moveTo(1000)
    const clock = new HostClock(timeline, (call) => void call())
    return { timeline, clock, told }
  }

  test('begins with its host, and its calendar with the simulation', () => {
    const { timeline, clock } = make()
    timeline.moveTo(1500)
    expect([clock.now(), clock.wallClock() - Date.UTC(2026, 0, 1)]).toEqual([500, 1500])
  })

  test('calls later, as DelayedCall promises', () => {
    const { timeline, clock, told } = make()
    const call = clock.callLater(10, (what: string) => told.push(what), 'called')
    const cancelled = clock.callLater(5, () => told.push('never'))
    cancelled.cancel()
    call.reset(20)
    expect([call.getTime(), clock.getDelayedCalls()]).toEqual([20, [call]])
    while (timeline.step());
    expect([told, timeline.nowMs, clock.getDelayedCalls(), call.active()]).toEqual([
      ['called'],
      1020,
      [],
      false,
    ])
  })

  test('may run fast: its timers come early, and its calendar may jump without them', () => {
    const { timeline, clock, told } = make()
    clock.callLater(300, () => told.push(`due ${timeline.nowMs}`))
    clock.setRate(1.5)
    clock.jump(-3_600_000)
    while (timeline.step());
    expect([told, clock.now()]).toEqual([['due 1200'], 300])
  })

  test('forgets its calls with its host', () => {
    const { timeline, clock, told } = make()
    clock.callLater(10, () => told.push('never'))
    clock.clear()
    expect([timeline.step(), told, clock.getDelayedCalls()]).toEqual([false, [], []])
  })

  test('minds a cancellation that comes while its host is paused', () => {
    const [timeline, waiting, told] = [new EventQueue(), [] as (() => unknown)[], [] as string[]]
    const clock = new HostClock(timeline, (call) => void waiting.push(call))
    const call = clock.callLater(1, () => told.push('never'))
    timeline.step()
    call.cancel()
    for (const late of waiting) late()
    expect(told).toEqual([])
  })

  test('may stand still, and goes on where it was', () => {
    const { timeline, clock, told } = make()
    clock.callLater(100, () => told.push(`due ${clock.now()} at ${timeline.nowMs}`))
    timeline.moveTo(1050)
    clock.stop()
    clock.stop()
    clock.callLater(70, () => told.push(`later ${clock.now()} at ${timeline.nowMs}`))
    timeline.moveTo(9000)
    expect([clock.now(), timeline.nextMs]).toEqual([50, Infinity])
    clock.goOn()
    while (timeline.nextMs < Infinity) timeline.step()
    expect(told).toEqual(['due 100 at 9050', 'later 120 at 9070'])
  })

  test('reaches a moment that is nearer than numbers can tell', () => {
    const { timeline, clock, told } = make()
    timeline.moveTo(10_137.5)
    const untilMs = clock.now() + 1e-13
    const look = (): void => {
      if (clock.now() >= untilMs) told.push('there')
      else clock.callLater(untilMs - clock.now(), look)
    }
    clock.callLater(1e-14, look)
    for (let steps = 0; steps < 10 && told.length === 0; steps++) timeline.step()
    expect(told).toEqual(['there'])
  })
})
