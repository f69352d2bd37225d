import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { sleep } from '../../src/time/sleep.ts'

describe('sleep', () => {
  test('resolves when its time is over, and not before', async () => {
    const [reactor, woken] = [new MemoryReactor(), [] as number[]]
    void sleep(100, { reactor }).then(() => woken.push(reactor.now()))
    reactor.advance(99)
    await reactor.settle()
    expect(woken).toEqual([])
    reactor.advance(1)
    await reactor.settle()
    expect(woken).toEqual([100])
  })

  test('sleeps longer than setTimeout can (statement 76 changed)', async () => {
    const clock = new Clock()
    const asleep = sleep(2 ** 40, { reactor: clock })
    clock.advance(2 ** 40)
    await expect(asleep).resolves.toBeUndefined()
  })

  test("leaves no timer and no listener, and rejects with the signal's reason (statement 130)", async () => {
    const [clock, controller] = [new Clock(), new AbortController()]
    const asleep = sleep(100, { reactor: clock, signal: controller.signal })
    controller.abort('woken')
    await expect(asleep).rejects.toBe('woken')
    expect(clock.getDelayedCalls()).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await expect(sleep(100, { reactor: clock, signal: controller.signal })).rejects.toBe('woken')
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('can be woken when its reactor has forgotten the timer', async () => {
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
