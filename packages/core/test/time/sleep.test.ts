import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { sleep } from '../../src/index.ts'
import { Clock, MemoryReactor } from '../../src/testing.ts'
import { deferLater } from '../../src/time.ts'

describe('sleep', () => {
  test('resolves after its delay, not before', async () => {
    const [reactor, woken] = [new MemoryReactor(), [] as number[]]
    void sleep(100, { reactor }).then(() => woken.push(reactor.now()))
    reactor.advance(99)
    await reactor.settle()
    expect(woken).toEqual([])
    reactor.advance(1)
    await reactor.settle()
    expect(woken).toEqual([100])
  })

  test('sleeps longer than setTimeout can', async () => {
    const clock = new Clock()
    const asleep = sleep(2 ** 40, { reactor: clock })
    clock.advance(2 ** 40)
    await expect(asleep).resolves.toBeUndefined()
  })

  test("rejects with the signal's reason, and leaves no timer or listener", async () => {
    const [clock, controller] = [new Clock(), new AbortController()]
    const asleep = sleep(100, { reactor: clock, signal: controller.signal })
    controller.abort('woken')
    await expect(asleep).rejects.toBe('woken')
    expect(clock.getDelayedCalls()).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await expect(sleep(100, { reactor: clock, signal: controller.signal })).rejects.toBe('woken')
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('can be cancelled after a stopped reactor has cancelled the timer', async () => {
    const [reactor, controller] = [new MemoryReactor(), new AbortController()]
    void reactor.run()
    const asleep = sleep(100, { reactor, signal: controller.signal })
    await reactor.stop()
    controller.abort('woken')
    await expect(asleep).rejects.toBe('woken')
  })

  test.each([-1, NaN])('refuses %d ms', async (delayMs) => {
    const { signal } = new AbortController()
    await expect(sleep(delayMs, { reactor: new Clock(), signal })).rejects.toThrow(RangeError)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('deferLater', () => {
  test('calls after the delay, and resolves with the result of the call', async () => {
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
    const result: Promise<string> = deferLater(clock, 1, () => Promise.resolve('at last'))
    clock.advance(1)
    await expect(result).resolves.toBe('at last')
  })

  test('rejects with the error of the call, and reports it nowhere else', async () => {
    const clock = new Clock()
    const thrown = deferLater(clock, 1, () => {
      throw new Error('thrown')
    })
    const rejected = deferLater(clock, 1, () => Promise.reject(new Error('rejected')))
    clock.advance(1)
    await expect(thrown).rejects.toThrow('thrown')
    await expect(rejected).rejects.toThrow('rejected')
  })

  test('refuses an invalid delay', async () => {
    await expect(deferLater(new Clock(), -1, () => undefined)).rejects.toThrow(RangeError)
  })
})
