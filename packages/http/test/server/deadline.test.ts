import { Clock } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { type Awaited, Deadline } from '../../src/server/deadline.ts'

function deadline(): { clock: Clock; expired: Awaited[]; deadline: Deadline } {
  const clock = new Clock()
  const expired: Awaited[] = []
  return {
    clock,
    expired,
    deadline: new Deadline(
      () => clock,
      (awaited) => expired.push(awaited),
    ),
  }
}

describe('Deadline', () => {
  test('expires once, for what was set last, at its time', () => {
    const it = deadline()
    it.deadline.set('first byte', 100)
    it.clock.advance(60)
    it.deadline.set('head', 100)
    it.clock.advance(99)
    expect(it.expired).toEqual([])
    expect(it.deadline.awaited).toBe('head')
    it.clock.advance(1)
    expect(it.expired).toEqual(['head'])
    it.clock.advance(1000)
    expect(it.expired).toEqual(['head'])
  })

  test('can be set sooner, and cleared', () => {
    const it = deadline()
    it.deadline.set('next request', 1000)
    it.deadline.set('body', 10)
    it.clock.advance(10)
    expect(it.expired).toEqual(['body'])
    it.deadline.set('body', 10)
    it.deadline.clear()
    it.clock.advance(1000)
    expect(it.expired).toEqual(['body'])
  })

  test('leaves no timer once stopped', () => {
    const it = deadline()
    it.deadline.set('body', 10)
    it.deadline.stop()
    expect(it.clock.getDelayedCalls()).toEqual([])
    it.deadline.stop()
  })

  test('costs one timer, however often it is set later', () => {
    const it = deadline()
    for (let at = 0; at < 100; at++) {
      it.deadline.set('next request', 50)
      it.clock.advance(1)
      expect(it.clock.getDelayedCalls().length).toBe(1)
      it.deadline.clear()
    }
    it.deadline.set('head', 50)
    it.clock.advance(49)
    expect(it.expired).toEqual([])
    it.clock.advance(1)
    expect(it.expired).toEqual(['head'])
  })
})
