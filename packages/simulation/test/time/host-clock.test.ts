import { describe, expect, test } from 'vitest'
import { HostClock } from '../../src/time/host-clock.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

describe('HostClock', () => {
  const make = (): { timeline: EventQueue; clock: HostClock; calls: string[] } => {
    const [timeline, calls] = [new EventQueue(), [] as string[]]
    timeline.moveTo(1000)
    const clock = new HostClock(timeline, (call) => void call())
    return { timeline, clock, calls }
  }

  test('starts at 0 with its host, and its calendar with the simulation', () => {
    const { timeline, clock } = make()
    timeline.moveTo(1500)
    expect([clock.now(), clock.wallClock() - Date.UTC(2026, 0, 1)]).toEqual([500, 1500])
  })

  test('makes, resets and cancels delayed calls', () => {
    const { timeline, clock, calls } = make()
    const call = clock.callLater(10, (what: string) => calls.push(what), 'called')
    const cancelled = clock.callLater(5, () => calls.push('never'))
    cancelled.cancel()
    call.reset(20)
    expect([call.getTime(), clock.getDelayedCalls()]).toEqual([20, [call]])
    while (timeline.step());
    expect([calls, timeline.nowMs, clock.getDelayedCalls(), call.active()]).toEqual([
      ['called'],
      1020,
      [],
      false,
    ])
  })

  test('runs its timers early when it is fast, and not when its calendar jumps', () => {
    const { timeline, clock, calls } = make()
    clock.callLater(300, () => calls.push(`due ${timeline.nowMs}`))
    clock.setRate(1.5)
    clock.jump(-3_600_000)
    while (timeline.step());
    expect([calls, clock.now()]).toEqual([['due 1200'], 300])
  })

  test('clear cancels every call', () => {
    const { timeline, clock, calls } = make()
    clock.callLater(10, () => calls.push('never'))
    clock.clear()
    expect([timeline.step(), calls, clock.getDelayedCalls()]).toEqual([false, [], []])
  })

  test('does not make a call that is cancelled after it was due, while its host is paused', () => {
    const [timeline, waiting, calls] = [new EventQueue(), [] as (() => unknown)[], [] as string[]]
    const clock = new HostClock(timeline, (call) => void waiting.push(call))
    const call = clock.callLater(1, () => calls.push('never'))
    timeline.step()
    call.cancel()
    for (const late of waiting) late()
    expect(calls).toEqual([])
  })

  test('stops, and continues from the time at which it stopped', () => {
    const { timeline, clock, calls } = make()
    clock.callLater(100, () => calls.push(`due ${clock.now()} at ${timeline.nowMs}`))
    timeline.moveTo(1050)
    clock.stop()
    clock.stop()
    clock.callLater(70, () => calls.push(`later ${clock.now()} at ${timeline.nowMs}`))
    timeline.moveTo(9000)
    expect([clock.now(), timeline.nextMs]).toEqual([50, Infinity])
    clock.goOn()
    while (timeline.nextMs < Infinity) timeline.step()
    expect(calls).toEqual(['due 100 at 9050', 'later 120 at 9070'])
  })

  test('reaches a time that differs from now by less than the precision of a number', () => {
    const { timeline, clock, calls } = make()
    timeline.moveTo(10_137.5)
    const untilMs = clock.now() + 1e-13
    const look = (): void => {
      if (clock.now() >= untilMs) calls.push('there')
      else clock.callLater(untilMs - clock.now(), look)
    }
    clock.callLater(1e-14, look)
    for (let steps = 0; steps < 10 && calls.length === 0; steps++) timeline.step()
    expect(calls).toEqual(['there'])
  })

  test('makes a call later than it is due, when the host is late', () => {
    const [timeline, times] = [new EventQueue(), [] as number[]]
    const clock = new HostClock(
      timeline,
      (call) => void call(),
      (dueMs) => dueMs + 3,
    )
    clock.callLater(10, () => times.push(clock.now()))
    while (timeline.step());
    expect(times).toEqual([13])
  })
})
