import { afterEach, describe, expect, test, vi } from 'vitest'
import { createReactor } from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import { NodeTime } from '../../src/node/node-time.ts'
import { until } from './socket-harness.ts'

const TIMERS = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] as const

describe('NodeTime', () => {
  const made: NodeTime[] = []
  const make = (logged: LogEvent[] = []): NodeTime => {
    const time = new NodeTime((event) => logged.push(event))
    made.push(time)
    return time
  }

  afterEach(() => {
    for (const time of made.splice(0)) time.cancelAll()
    vi.useRealTimers()
  })

  test('has a monotonic clock and a wall clock', () => {
    const time = make()
    expect(Math.abs(time.now() - performance.now())).toBeLessThan(1000)
    expect(Math.abs(time.wallClock() - Date.now())).toBeLessThan(1000)
  })

  test('keeps its delays when the date is changed', () => {
    vi.useFakeTimers({ toFake: [...TIMERS, 'Date'] })
    const time = make()
    const [ran, begun, date] = [[] as string[], time.now(), time.wallClock()]
    time.callLater(1000, () => ran.push('called'))
    for (const jumpMs of [86_400_000, -86_400_000]) {
      vi.setSystemTime(date + jumpMs)
      expect(time.wallClock()).toBe(date + jumpMs)
      vi.advanceTimersByTime(499)
      expect(ran).toEqual([])
    }
    expect(time.now() - begun).toBeCloseTo(998)
    vi.advanceTimersByTime(3)
    expect(ran).toEqual(['called'])
  })

  test('makes no pending call after its reactor has stopped', async () => {
    const reactor = createReactor()
    const [run, ran] = [reactor.run({ installSignalHandlers: false }), [] as string[]]
    const later = [0, 1, 60_000].map((delayMs) =>
      reactor.callLater(delayMs, () => ran.push(`after ${delayMs}`)),
    )
    await reactor.stop()
    await run
    expect([reactor.getDelayedCalls(), later.some((call) => call.active())]).toEqual([[], false])
    const [time, since] = [make(), [] as string[]]
    time.callLater(5, () => since.push('they would have been due'))
    await until(() => since.length > 0)
    expect(ran).toEqual([])
  })

  test('makes calls of delay 0 in the next turn, in order; calls that they add follow in the turn after', async () => {
    const time = make()
    const order: string[] = []
    time.callLater(0, () => {
      order.push('first')
      time.callLater(0, () => order.push('added'))
    })
    time.callLater(0, () => order.push('second'))
    setImmediate(() => order.push('turn'))
    order.push('now')
    await until(() => order.length === 5)
    expect(order).toEqual(['now', 'first', 'second', 'turn', 'added'])
  })

  test('makes a call when it is due, with its arguments', async () => {
    const time = make()
    const seen: unknown[] = []
    const begun = time.now()
    const call = time.callLater(20, (...args) => seen.push(args, time.now() - begun), 'a', 2)
    expect(call.getTime() - begun).toBeGreaterThanOrEqual(20)
    await until(() => seen.length > 0)
    expect(seen[0]).toEqual(['a', 2])
    expect(seen[1]).toBeGreaterThanOrEqual(19)
    expect(call.active()).toBe(false)
    expect(time.getDelayedCalls()).toEqual([])
  })

  test('keeps one timer for a call that is postponed again and again', async () => {
    vi.useFakeTimers({ toFake: [...TIMERS] })
    const time = make()
    const seen: number[] = []
    const begun = time.now()
    const call = time.callLater(10, () => seen.push(Math.round(time.now() - begun)))
    for (let i = 0; i < 100; i++) call.reset(20)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(19)
    expect(seen).toEqual([])
    vi.advanceTimersByTime(10)
    expect(seen).toEqual([20])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('makes a call at its new time when it is moved earlier', () => {
    vi.useFakeTimers({ toFake: [...TIMERS] })
    const time = make()
    const seen: string[] = []
    const [reset, delayed] = [
      time.callLater(1000, () => seen.push('reset')),
      time.callLater(1000, () => seen.push('delayed')),
    ]
    reset.reset(5)
    delayed.delay(-990)
    vi.advanceTimersByTime(20)
    expect(seen).toEqual(['reset', 'delayed'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('supports delays longer than those of setTimeout', () => {
    vi.useFakeTimers({ toFake: [...TIMERS] })
    const time = make()
    const seen: string[] = []
    const [month, never] = [40 * 24 * 3_600_000, Infinity]
    time.callLater(month, () => seen.push('a month and more'))
    time.callLater(never, () => seen.push('never'))
    vi.advanceTimersByTime(month - 1)
    expect(seen).toEqual([])
    vi.advanceTimersByTime(2)
    expect(seen).toEqual(['a month and more'])
    expect(time.getDelayedCalls()).toHaveLength(1)
  })

  test('leaves no timer of a cancelled call', () => {
    vi.useFakeTimers({ toFake: [...TIMERS] })
    const time = make()
    for (const delayMs of [0, 10]) time.callLater(delayMs, () => undefined).cancel()
    const [soon, later] = [time.callLater(0, () => undefined), time.callLater(10, () => undefined)]
    expect(vi.getTimerCount()).toBe(2)
    time.cancelAll()
    expect([vi.getTimerCount(), soon.active(), later.active(), time.getDelayedCalls()]).toEqual([
      0,
      false,
      false,
      [],
    ])
  })

  test('logs the error of a call that throws or rejects, and continues', async () => {
    const logged: LogEvent[] = []
    const time = make(logged)
    const [thrown, rejected, ran] = [new Error('thrown'), new Error('rejected'), [] as string[]]
    time.callLater(0, () => {
      throw thrown
    })
    time.callLater(0, () => Promise.reject(rejected))
    time.callLater(0, () => ran.push('next'))
    await until(() => logged.length === 2 && ran.length === 1)
    expect(logged.map(({ error }) => error)).toEqual([thrown, rejected])
  })
})
