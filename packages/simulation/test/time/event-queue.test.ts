import { describe, expect, test } from 'vitest'
import { Random } from '../../src/random.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

describe('EventQueue', () => {
  test('runs events in order of time, and those of the same time in the order of scheduling', () => {
    const [timeline, calls] = [new EventQueue(), [] as string[]]
    const note = (what: string) => (): void => void calls.push(`${what} at ${timeline.nowMs}`)
    timeline.at(20, note('late'))
    timeline.after(10, note('first'))
    timeline.at(10, note('second'))
    timeline.after(5, note('gone')).cancel()
    while (timeline.step());
    expect(calls).toEqual(['first at 10', 'second at 10', 'late at 20'])
    expect([timeline.nextMs, timeline.step()]).toEqual([Infinity, false])
  })

  test('runs an event due in the past at the current time, and never goes back', () => {
    const timeline = new EventQueue()
    timeline.moveTo(100)
    timeline.moveTo(50)
    let at = 0
    timeline.at(1, () => (at = timeline.nowMs))
    timeline.step()
    expect([timeline.nowMs, at]).toEqual([100, 100])
  })

  test('keeps thousands of events in order when they are scheduled in random order and some are cancelled', () => {
    const [timeline, random, calls] = [new EventQueue(), new Random('heap'), [] as number[]]
    const events = Array.from({ length: 5000 }, () => {
      const due = random.between(0, 1000)
      return timeline.at(due, () => calls.push(due))
    })
    for (const event of events) if (random.chance(0.3)) event.cancel()
    while (timeline.step());
    expect(calls).toEqual(calls.toSorted((one, other) => one - other))
    expect(calls.length).toBeGreaterThan(3000)
    expect(calls.length).toBeLessThan(4000)
  })

  test('is idle when only events in the background are left', () => {
    const queue = new EventQueue()
    const [first, second] = [queue.at(1, () => undefined), queue.at(2, () => undefined)]
    first.isBackground = true
    expect(queue.isIdle).toBe(false)
    second.cancel()
    expect(queue.isIdle).toBe(true)
    first.isBackground = false
    expect(queue.isIdle).toBe(false)
    queue.step()
    expect(queue.isIdle).toBe(true)
  })

  test('lets an event cancel another due at the same time, and ignores a second cancel', () => {
    const [timeline, calls] = [new EventQueue(), [] as string[]]
    const later = { cancel: (): void => undefined }
    timeline.at(1, () => later.cancel())
    const second = timeline.at(1, () => calls.push('never'))
    later.cancel = () => second.cancel()
    while (timeline.step());
    second.cancel()
    expect(calls).toEqual([])
  })

  test('draws the order of lanes at the same time, and keeps the order within a lane', () => {
    const ordered = (seed: number): string => {
      const [timeline, calls] = [new EventQueue(), [] as string[]]
      timeline.shuffleTies(seed)
      const lanes = Array.from({ length: 5 }, () => timeline.newLane())
      for (const round of [1, 2])
        for (const lane of lanes) timeline.at(5, () => calls.push(`${lane}.${round}`), lane)
      timeline.at(5, () => calls.push('no lane'))
      while (timeline.step());
      return calls.join(' ')
    }
    expect(ordered(0)).toBe('1.1 2.1 3.1 4.1 5.1 1.2 2.2 3.2 4.2 5.2 no lane')
    const orders = Array.from({ length: 50 }, (_, at) => ordered(at + 1))
    expect(new Set(orders).size).toBeGreaterThan(20)
    expect(ordered(7)).toBe(ordered(7))
    for (const order of orders) {
      expect(order.startsWith('no lane')).toBe(true)
      for (const lane of [1, 2, 3, 4, 5])
        expect(order.indexOf(`${lane}.1`)).toBeLessThan(order.indexOf(`${lane}.2`))
    }
  })
})
