import { Clock } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { type SlicedWork, TurnSlices } from '../../src/deflate/turn-slices.ts'

describe('TurnSlices', () => {
  test('does one slice a turn, and lets pieces of work take turns', () => {
    const clock = new Clock()
    const slices = new TurnSlices()
    const done: string[] = []
    const work = (name: string, count: number): SlicedWork => {
      let left = count
      return { reactor: clock, slice: () => done.push(name) > 0 && --left > 0 }
    }
    const [a, b, c] = [work('a', 3), work('b', 1), work('c', 9)]
    for (const each of [a, b, c]) slices.add(each)
    expect(clock.getDelayedCalls().length).toBe(1)
    expect(done).toEqual([])
    clock.callLater(0, () => {
      done.push('other')
      slices.remove(c)
    })
    clock.advance(0)
    expect(done).toEqual(['a', 'other', 'b', 'a', 'a'])
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('has nothing scheduled when the last work is removed', () => {
    const clock = new Clock()
    const slices = new TurnSlices()
    const work = { reactor: clock, slice: () => true }
    slices.add(work)
    slices.remove(work)
    expect(clock.getDelayedCalls()).toEqual([])
  })
})
