import { describe, expect, test } from 'vitest'
import { Random } from '../../src/random.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

describe('EventQueue', () => {
  test('makes events happen in order, those of one moment as they were asked for', () => {
    const [timeline, told] = [new EventQueue(), [] as string[]]
    const note = (what: string) => (): void => void told.push(`${what} at ${timeline.nowMs}`)
    timeline.at(20, note('late'))
    timeline.after(10, note('first'))
    timeline.at(10, note('second'))
    timeline.after(5, note('gone')).cancel()
    while (timeline.step());
    expect(told).toEqual(['first at 10', 'second at 10', 'late at 20'])
    expect([timeline.nextMs, timeline.step()]).toEqual([Infinity, false])
  })

  test('takes what is due in the past for now, and never goes back', () => {
    const timeline = new EventQueue()
    timeline.moveTo(100)
    timeline.moveTo(50)
    let at = 0
    timeline.at(1, () => (at = timeline.nowMs))
    timeline.step()
    expect([timeline.nowMs, at]).toEqual([100, 100])
  })

  test('keeps thousands of events in order, whatever the order they come in, and some are cancelled', () => {
    const [timeline, random, told] = [new EventQueue(), new Random('heap'), [] as number[]]
    const events = Array.from({ length: 5000 }, () => {
      const due = random.between(0, 1000)
      return timeline.at(due, () => told.push(due))
    })
    for (const event of events) if (random.chance(0.3)) event.cancel()
    while (timeline.step());
    expect(told).toEqual(told.toSorted((one, other) => one - other))
    expect(told.length).toBeGreaterThan(3000)
    expect(told.length).toBeLessThan(4000)
  })

  test('lets an event cancel another of the same moment, and cancels nothing twice', () => {
    const [timeline, told] = [new EventQueue(), [] as string[]]
    const later = { cancel: (): void => undefined }
    timeline.at(1, () => later.cancel())
    const second = timeline.at(1, () => told.push('never'))
    later.cancel = () => second.cancel()
    while (timeline.step());
    second.cancel()
    expect(told).toEqual([])
  })
})
