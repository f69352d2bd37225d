import { describe, expect, test } from 'vitest'
import { Link } from '../../src/network/link.ts'
import type { LinkConditions } from '../../src/network/network-rules.ts'
import { NetworkStats } from '../../src/network/network-stats.ts'
import { Random } from '../../src/random.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { Trace } from '../../src/trace.ts'

describe('Link', () => {
  const make = (
    conditions: Partial<LinkConditions> = {},
  ): {
    timeline: EventQueue
    link: Link
    trace: Trace
    host: { isSilent: boolean }
    outcomes: string[]
    send: (what: string, bytes?: number) => void
  } => {
    const [timeline, outcomes] = [new EventQueue(), [] as string[]]
    const host = { isSilent: false }
    const trace = new Trace(() => timeline.nowMs)
    const link = new Link({
      from: 'a',
      to: 'b',
      events: timeline,
      stats: new NetworkStats(),
      isSilent: () => host.isSilent,
      random: new Random('link'),
      trace,
      conditions: {
        latencyMs: [5, 5],
        lossPerMille: 0,
        duplicatesPerMille: 0,
        bytesPerSecond: Infinity,
        ...conditions,
      },
    })
    const send = (what: string, bytes = 0): void =>
      link.carry({
        what,
        bytes,
        arrived: () => outcomes.push(`${what} at ${timeline.nowMs}`),
      })
    return { timeline, link, trace, host, outcomes, send }
  }

  test('delivers packets within its latency', () => {
    const { timeline, outcomes, send } = make({ latencyMs: [5, 10] })
    for (let count = 0; count < 100; count++) send('x')
    while (timeline.step());
    const times = outcomes.map((line) => Number(line.split(' ').at(-1)))
    expect(Math.min(...times)).toBeGreaterThanOrEqual(5)
    expect(Math.max(...times)).toBeLessThanOrEqual(10)
    expect(new Set(times).size).toBeGreaterThan(90)
  })

  test('delays packets by the bandwidth that those before them use', () => {
    const { timeline, outcomes, send } = make({ bytesPerSecond: 1000 })
    send('a', 10)
    send('b', 20)
    while (timeline.step());
    expect(outcomes).toEqual(['a at 15', 'b at 35'])
  })

  test('loses about as many packets as its conditions ask for', () => {
    const { timeline, outcomes, send } = make({ lossPerMille: 200 })
    for (let count = 0; count < 1000; count++) send('x')
    while (timeline.step());
    const lost = 1000 - outcomes.length
    expect(lost).toBeGreaterThan(150)
    expect(lost).toBeLessThan(250)
  })

  test('loses every packet while it is down, including those on their way', () => {
    const { timeline, link, trace, outcomes, send } = make()
    send('on its way')
    link.setDown(true)
    send('too late')
    while (timeline.step());
    link.setDown(false)
    send('again')
    while (timeline.step());
    expect([link.down, outcomes]).toEqual([false, ['again at 10']])
    expect(trace.lines).toEqual([
      '5.000 a->b lost on its way',
      '5.000 a->b lost too late',
      '10.000 a->b again',
    ])
  })

  test('keeps back packets while it is held, and then delivers them in order', () => {
    const { timeline, link, outcomes, send } = make()
    link.setHeld(true)
    link.setHeld(true)
    send('a')
    send('b')
    while (timeline.step());
    timeline.moveTo(100)
    expect(outcomes).toEqual([])
    link.setHeld(false)
    timeline.step()
    expect(outcomes).toEqual(['a at 100', 'b at 100'])
  })

  test('loses packets to a host that is down, including those held back', () => {
    const { timeline, link, host, trace, outcomes, send } = make()
    link.setHeld(true)
    send('held')
    timeline.step()
    host.isSilent = true
    send('sent')
    timeline.step()
    link.setHeld(false)
    timeline.step()
    expect(outcomes).toEqual([])
    expect(trace.lines).toEqual(['10.000 a->b lost sent', '10.000 a->b lost held'])
  })
})
