import { Deadline } from '@ropewalk/core/time'
import { bench, group } from 'mitata'
import type { Internals, ManualTime } from './internals.ts'

/** Deadlines on the wheel, among 10 000 others, beside timers of Node. */
export function deadlines({ DeadlineWheel }: Internals): void {
  const time: ManualTime = {
    now: () => performance.now(),
    callLater: () => ({ active: () => true, cancel: () => undefined }),
  }
  const wheel = new DeadlineWheel(time)
  const create = (): Deadline => new Deadline({ deadlines: wheel }, () => undefined)
  for (const other of Array.from({ length: OTHERS }, create)) other.set(DELAY_MS)
  const deadline = create()
  const some = Array.from({ length: 1000 }, create)
  group('a deadline', () => {
    bench('set and cleared, always the same one', () => {
      deadline.set(DELAY_MS)
      deadline.clear()
    })
    let turn = 0
    bench('set and cleared, one of 1 000 in turn', () => {
      const next = some[turn++ % some.length]
      next?.set(DELAY_MS)
      next?.clear()
    })
    bench('postponed', () => deadline.set(DELAY_MS))
    bench('setTimeout and clearTimeout', () => clearTimeout(setTimeout(() => undefined, DELAY_MS)))
    const timer = setTimeout(() => undefined, DELAY_MS)
    timer.unref()
    bench('refresh of a timer', () => timer.refresh())
  })
}

const OTHERS = 10_000
const DELAY_MS = 60_000
