import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/checks/assertions.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { interval } from '../../src/time/interval.ts'

describe('interval', () => {
  const advance = async (reactor: MemoryReactor, ms: number): Promise<void> => {
    await reactor.settle()
    reactor.advance(ms)
    await reactor.settle()
  }

  test('yields on a fixed grid, says how many intervals passed, and leaves no timer at a break', async () => {
    const [reactor, seen, slow] = [new MemoryReactor(), [] as unknown[], new Gate()]
    const loop = (async () => {
      for await (const count of interval(100, { reactor })) {
        seen.push([reactor.now(), count])
        if (seen.length === 1) await slow.opened
        if (seen.length === 3) break
      }
    })()
    await advance(reactor, 100)
    expect(reactor.getDelayedCalls()).toEqual([])
    await advance(reactor, 270)
    slow.open()
    await advance(reactor, 30)
    await advance(reactor, 100)
    await loop
    expect(seen).toEqual([
      [100, 1],
      [400, 3],
      [500, 1],
    ])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test("ends with the signal's reason while it waits, without timer or listener", async () => {
    const [reactor, controller] = [new MemoryReactor(), new AbortController()]
    const next = interval(100, { reactor, signal: controller.signal }).next()
    expect(reactor.getDelayedCalls()).toHaveLength(1)
    controller.abort('enough')
    await expect(next).rejects.toBe('enough')
    expect([reactor.getDelayedCalls(), getEventListeners(controller.signal, 'abort')]).toEqual([[], []])
  })

  test('ends before the next tick when the signal aborts in the body of the loop', async () => {
    const [reactor, controller, seen] = [new MemoryReactor(), new AbortController(), [] as number[]]
    const loop = (async () => {
      for await (const count of interval(100, { reactor, signal: controller.signal })) {
        seen.push(count)
        controller.abort('enough')
      }
    })()
    const ended = loop.catch((reason: unknown) => reason)
    await advance(reactor, 100)
    expect(await ended).toBe('enough')
    expect([seen, reactor.getDelayedCalls()]).toEqual([[1], []])
  })

  test('refuses an interval that makes no sense', async () => {
    await expect(interval(-1, { reactor: new MemoryReactor() }).next()).rejects.toThrow(RangeError)
  })
})
