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
})
