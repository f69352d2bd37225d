import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { watchStall } from '../../src/real/watch-stall.ts'

describe('watchStall', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
  afterEach(() => void vi.useRealTimers())

  test('rejects what has not moved for five seconds, and nothing that moves now and then', async () => {
    let moves = true
    const failures: unknown[] = []
    const watch = watchStall(() => moves, 'nothing moves')
    watch.stalled.catch((error: unknown) => failures.push(error))
    await vi.advanceTimersByTimeAsync(20_000)
    moves = false
    await vi.advanceTimersByTimeAsync(4000)
    moves = true
    await vi.advanceTimersByTimeAsync(1000)
    moves = false
    await vi.advanceTimersByTimeAsync(4000)
    expect(failures).toEqual([])
    await vi.advanceTimersByTimeAsync(1000)
    expect(failures).toEqual([new Error('nothing moves')])
    watch.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
