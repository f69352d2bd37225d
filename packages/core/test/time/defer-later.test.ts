import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { deferLater } from '../../src/time/defer-later.ts'

describe('deferLater', () => {
  test('calls when it is due, within that turn, and answers what the call answers', async () => {
    const [clock, called] = [new Clock(), [] as unknown[]]
    const sum = deferLater(
      clock,
      100,
      (a: number, b: number) => {
        called.push(clock.now())
        return a + b
      },
      1,
      2,
    )
    clock.advance(99)
    expect(called).toEqual([])
    clock.advance(1)
    expect(called).toEqual([100])
    await expect(sum).resolves.toBe(3)
  })

  test('waits for the promise of the call', async () => {
    const clock = new Clock()
    const answer: Promise<string> = deferLater(clock, 1, () => Promise.resolve('at last'))
    clock.advance(1)
    await expect(answer).resolves.toBe('at last')
  })

  test('rejects with what the call throws or rejects with, and lets it pass nowhere else', async () => {
    const clock = new Clock()
    const thrown = deferLater(clock, 1, () => {
      throw new Error('thrown')
    })
    const rejected = deferLater(clock, 1, () => Promise.reject(new Error('rejected')))
    clock.advance(1)
    await expect(thrown).rejects.toThrow('thrown')
    await expect(rejected).rejects.toThrow('rejected')
  })

  test('refuses times that make no sense', async () => {
    await expect(deferLater(new Clock(), -1, () => undefined)).rejects.toThrow(RangeError)
  })
})
