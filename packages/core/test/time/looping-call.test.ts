import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/checks/check.ts'
import { LocalProtocolError } from '../../src/index.ts'
import { Clock, MemoryReactor } from '../../src/testing.ts'
import { interval, LoopingCall, type ReactorTime } from '../../src/time.ts'
import { TickGrid } from '../../src/time/looping-call.ts'

describe('LoopingCall', () => {
  describe('start', () => {
    test.each([
      ['throws', true],
      ['rejects', true],
      ['throws', false],
      ['rejects', false],
    ])(
      'logs the error when a call %s and the promise is not awaited (first call at once: %s)',
      async (how, now) => {
        const [reactor, fault] = [new MemoryReactor(), new Error('mine')]
        const call = (): unknown => {
          if (how === 'rejects') return Promise.reject(fault)
          throw fault
        }
        void new LoopingCall(call).start(10, { reactor, now })
        reactor.advance(10)
        await reactor.settle()
        expect(reactor.logged).toMatchObject([{ level: 'error', error: fault }])
        const awaited = new LoopingCall(call).start(10, { reactor, now })
        const outcome = awaited.catch((error: unknown) => error)
        reactor.advance(10)
        expect(await outcome).toBe(fault)
        await reactor.settle()
        expect(reactor.logged).toHaveLength(1)
      },
    )

    test('does not log an abort, also when the promise is not awaited', async () => {
      const [reactor, controller] = [new MemoryReactor(), new AbortController()]
      void new LoopingCall(() => 1).start(10, { reactor, signal: controller.signal })
      controller.abort(new Error('enough'))
      await reactor.settle()
      expect(reactor.logged).toEqual([])
    })

    test('calls at once, then every interval, with the arguments', () => {
      const [clock, seen] = [new Clock(), [] as unknown[]]
      const loop = new LoopingCall((...args: [string, number]) => seen.push([clock.now(), ...args]), 'a', 2)
      expect([loop.running, loop.intervalMs]).toEqual([false, undefined])
      void loop.start(100, { reactor: clock })
      expect([loop.running, loop.intervalMs]).toEqual([true, 100])
      clock.advance(250)
      expect(seen).toEqual([
        [0, 'a', 2],
        [100, 'a', 2],
        [200, 'a', 2],
      ])
    })

    test('makes the first call after one interval with now false', () => {
      const [clock, seen] = [new Clock(), [] as number[]]
      void new LoopingCall(() => seen.push(clock.now())).start(100, { reactor: clock, now: false })
      clock.advance(200)
      expect(seen).toEqual([100, 200])
    })

    test('does not drift with a fractional interval', () => {
      const [clock, seen] = [new Clock(), [] as number[]]
      void new LoopingCall(() => seen.push(clock.now())).start(33.3, { reactor: clock })
      for (let ms = 0; ms < 33_310; ms++) clock.advance(1)
      expect(seen).toHaveLength(1001)
      for (const [at, time] of seen.entries()) expect(time).toBeCloseTo(at * 33.3, 6)
    })

    test('waits for a promise, skips the ticks that pass meanwhile, and does not drift', async () => {
      const [reactor, seen, slow] = [new MemoryReactor(), [] as number[], new Gate()]
      const loop = new LoopingCall(() => {
        seen.push(reactor.now())
        return seen.length === 1 ? slow.opened : undefined
      })
      void loop.start(100, { reactor })
      reactor.advance(250)
      await reactor.settle()
      expect([seen, reactor.getDelayedCalls()]).toEqual([[0], []])
      slow.open()
      await reactor.settle()
      reactor.advance(150)
      expect(seen).toEqual([0, 300, 400])
    })

    test('calls once for each tick, even if timers fire slightly too early', () => {
      const [clock, seen] = [new Clock(), [] as unknown[]]
      const hasty: ReactorTime = {
        now: () => clock.now(),
        wallClock: () => clock.wallClock(),
        callLater: (delayMs, call, ...args) => clock.callLater(Math.max(0, delayMs - 0.5), call, ...args),
        getDelayedCalls: () => clock.getDelayedCalls(),
        deadlines: clock.deadlines,
      }
      const loop = LoopingCall.withCount((count) => seen.push([clock.now(), count]))
      void loop.start(100, { reactor: hasty })
      clock.advance(250)
      expect(seen).toEqual([
        [0, 1],
        [99.5, 1],
        [199.5, 1],
      ])
    })

    test('calls in every turn when the interval is 0', async () => {
      const [clock, counts] = [new Clock(), [] as number[]]
      const loop = LoopingCall.withCount((count) => {
        counts.push(count)
        if (counts.length === 4) loop.stop()
      })
      const ended = loop.start(0, { reactor: clock })
      expect(counts).toEqual([1])
      clock.advance(0)
      expect(counts).toEqual([1, 1, 1, 1])
      await expect(ended).resolves.toBe(loop)
    })

    test('refuses a second start, and an invalid interval', () => {
      const reactor = new Clock()
      const loop = new LoopingCall(() => undefined)
      for (const wrong of [-1, NaN]) expect(() => loop.start(wrong, { reactor })).toThrow(RangeError)
      expect([loop.running, reactor.getDelayedCalls()]).toEqual([false, []])
      void loop.start(1, { reactor })
      expect(() => loop.start(1, { reactor })).toThrow(LocalProtocolError)
    })
  })

  describe('withCount', () => {
    test('passes the number of intervals since the last call', async () => {
      const [reactor, seen, gates] = [new MemoryReactor(), [] as unknown[], [] as Gate[]]
      const loop = LoopingCall.withCount((count) => {
        seen.push([reactor.now(), count])
        const gate = new Gate()
        gates.push(gate)
        return gate.opened
      })
      void loop.start(100, { reactor })
      for (const busyMs of [20, 230, 100]) {
        reactor.advance(busyMs)
        gates.at(-1)?.open()
        await reactor.settle()
        reactor.advance(100 - (reactor.now() % 100))
      }
      expect(seen).toEqual([
        [0, 1],
        [100, 1],
        [400, 3],
        [600, 2],
      ])
    })

    test('passes 1 when the first call is made after one interval', () => {
      const [clock, counts] = [new Clock(), [] as number[]]
      void LoopingCall.withCount((count) => counts.push(count)).start(10, { reactor: clock, now: false })
      clock.advance(20)
      expect(counts).toEqual([1, 1])
    })
  })

  describe('the end', () => {
    test('resolves with the looping call when stopped, leaves no timer, and can be started again', async () => {
      const [clock, seen] = [new Clock(), [] as number[]]
      const loop = new LoopingCall(() => seen.push(clock.now()))
      for (let round = 0; round < 2; round++) {
        const ended = loop.start(100, { reactor: clock })
        loop.stop()
        expect([loop.running, loop.intervalMs, clock.getDelayedCalls()]).toEqual([false, undefined, []])
        await expect(ended).resolves.toBe(loop)
      }
      clock.advance(500)
      expect(seen).toEqual([0, 0])
    })

    test('waits for the current call', async () => {
      const [reactor, slow, ends] = [new MemoryReactor(), new Gate(), [] as string[]]
      const loop = new LoopingCall(() => slow.opened)
      void loop.start(100, { reactor }).then(() => ends.push('ended'))
      loop.stop()
      await reactor.settle()
      expect([loop.running, ends]).toEqual([false, []])
      expect(() => loop.start(100, { reactor })).toThrow(LocalProtocolError)
      expect(() => loop.stop()).toThrow(LocalProtocolError)
      slow.open()
      await reactor.settle()
      expect([ends, reactor.getDelayedCalls()]).toEqual([['ended'], []])
    })

    test.each([
      ['rejects with', () => Promise.reject(new Error('mine'))],
      [
        'throws',
        () => {
          throw new Error('mine')
        },
      ],
    ])('rejects with the first error that a call %s', async (_how, fail) => {
      const [reactor, calls] = [new MemoryReactor(), [] as number[]]
      const loop = new LoopingCall(() => (calls.push(reactor.now()) === 2 ? fail() : undefined))
      const ended = loop.start(100, { reactor }).catch(String)
      reactor.advance(100)
      expect(await ended).toContain('mine')
      reactor.advance(500)
      expect([loop.running, calls, reactor.getDelayedCalls(), reactor.logged]).toEqual([
        false,
        [0, 100],
        [],
        [],
      ])
    })

    test('rejects with the error of the current call, also after stop', async () => {
      const [reactor, slow] = [new MemoryReactor(), new Gate()]
      const loop = new LoopingCall(() => slow.opened)
      const ended = loop.start(100, { reactor }).catch(String)
      loop.stop()
      slow.fail(new Error('mine'))
      expect(await ended).toContain('mine')
    })

    test('allows a new start as soon as the promise has rejected', async () => {
      const [reactor, calls] = [new MemoryReactor(), [] as number[]]
      const loop: LoopingCall = new LoopingCall(async () => {
        if (calls.push(reactor.now()) === 1) throw new Error('mine')
      })
      void loop.start(100, { reactor }).catch(() => loop.start(50, { reactor }))
      await reactor.settle()
      reactor.advance(50)
      await reactor.settle()
      expect([loop.running, loop.intervalMs, calls]).toEqual([true, 50, [0, 0, 50]])
    })

    test("rejects with the signal's reason, and leaves no timer or listener", async () => {
      const [clock, controller, calls] = [new Clock(), new AbortController(), [] as number[]]
      const loop = new LoopingCall(() => calls.push(clock.now()))
      const ended = loop.start(100, { reactor: clock, signal: controller.signal })
      controller.abort('enough')
      expect([loop.running, clock.getDelayedCalls()]).toEqual([false, []])
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
      await expect(ended).rejects.toBe('enough')
      await expect(loop.start(100, { reactor: clock, signal: controller.signal })).rejects.toBe('enough')
      expect([calls, loop.running]).toEqual([[0], false])
    })

    test('waits for the current call when the signal aborts, and leaves no listener after stop', async () => {
      const [reactor, controller, slow] = [new MemoryReactor(), new AbortController(), new Gate()]
      const [ends, loop] = [[] as unknown[], new LoopingCall(() => slow.opened)]
      void loop.start(1, { reactor, signal: controller.signal }).catch((reason) => ends.push(reason))
      controller.abort('enough')
      await reactor.settle()
      expect([loop.running, ends]).toEqual([false, []])
      slow.open()
      await reactor.settle()
      expect(ends).toEqual(['enough'])

      const { signal } = new AbortController()
      const stopped = loop.start(1, { reactor, signal })
      loop.stop()
      await stopped
      expect(getEventListeners(signal, 'abort')).toEqual([])
    })

    test('is possible after a stopped reactor has cancelled the timer', async () => {
      const reactor = new MemoryReactor()
      void reactor.run()
      const loop = new LoopingCall(() => undefined)
      const ended = loop.start(100, { reactor })
      await reactor.stop()
      loop.stop()
      await expect(ended).resolves.toBe(loop)
    })

    test('throws from stop and reset unless it runs', () => {
      const loop = new LoopingCall(() => undefined)
      expect(() => loop.stop()).toThrow(LocalProtocolError)
      expect(() => loop.reset()).toThrow(LocalProtocolError)
    })
  })

  describe('reset', () => {
    test('makes the next call one interval later', () => {
      const [clock, seen] = [new Clock(), [] as number[]]
      const loop = new LoopingCall(() => seen.push(clock.now()))
      void loop.start(100, { reactor: clock })
      clock.advance(130)
      loop.reset()
      clock.advance(200)
      expect([seen, clock.getDelayedCalls()]).toEqual([[0, 100, 230, 330], [expect.anything()]])
    })

    test('during a call restarts the interval, and does not count skipped ticks', async () => {
      const [reactor, seen, slow] = [new MemoryReactor(), [] as unknown[], new Gate()]
      const loop = LoopingCall.withCount((count) => {
        seen.push([reactor.now(), count])
        return slow.opened
      })
      void loop.start(100, { reactor })
      reactor.advance(250)
      loop.reset()
      slow.open()
      await reactor.settle()
      reactor.advance(100)
      expect(seen).toEqual([
        [0, 1],
        [350, 1],
      ])
    })
  })
})

describe('interval', () => {
  const advance = async (reactor: MemoryReactor, ms: number): Promise<void> => {
    await reactor.settle()
    reactor.advance(ms)
    await reactor.settle()
  }

  test('yields without drift, counts the intervals passed, and leaves no timer after a break', async () => {
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

  test("throws the signal's reason while it waits, and leaves no timer or listener", async () => {
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

  test('refuses an invalid interval', async () => {
    await expect(interval(-1, { reactor: new MemoryReactor() }).next()).rejects.toThrow(RangeError)
  })
})

describe('TickGrid', () => {
  const gridAt = (startMs: number, intervalMs: number): { clock: Clock; grid: TickGrid } => {
    const clock = new Clock()
    clock.advance(startMs)
    return { clock, grid: new TickGrid(clock, intervalMs) }
  }

  test('counts skipped ticks, and does not drift', () => {
    const { clock, grid } = gridAt(7, 100)
    expect(grid.untilNextMs()).toBe(100)
    clock.advance(130)
    expect([grid.take(), grid.untilNextMs()]).toEqual([1, 70])
    clock.advance(270)
    expect([grid.take(), grid.untilNextMs()]).toEqual([3, 100])
  })

  test('skips a tick that is due exactly now', () => {
    const { clock, grid } = gridAt(0, 100)
    grid.untilNextMs()
    clock.advance(100)
    grid.take()
    clock.advance(100)
    expect(grid.untilNextMs()).toBe(100)
    clock.advance(100)
    expect(grid.take()).toBe(2)
  })

  test('takes a tick once, even if the timer fires too early', () => {
    const { clock, grid } = gridAt(0, 100)
    const taken: number[] = []
    for (let at = 0; at < 3; at++) {
      clock.advance(grid.untilNextMs() - 0.5)
      taken.push(grid.take())
    }
    expect([taken, clock.now()]).toEqual([[1, 1, 1], 299.5])
  })

  test('restarts without the skipped ticks', () => {
    const { clock, grid } = gridAt(0, 100)
    grid.untilNextMs()
    clock.advance(350)
    grid.restart()
    expect(grid.untilNextMs()).toBe(100)
    clock.advance(100)
    expect(grid.take()).toBe(1)
  })

  test('has a tick in every turn when the interval is 0, and none when it is infinite', () => {
    const { clock, grid } = gridAt(0, 0)
    clock.advance(50)
    expect([grid.untilNextMs(), grid.take(), grid.untilNextMs()]).toEqual([0, 1, 0])
    expect(new TickGrid(clock, Infinity).untilNextMs()).toBe(Infinity)
  })

  test.each([-1, NaN])('refuses an interval of %d', (intervalMs) => {
    expect(() => new TickGrid(new Clock(), intervalMs)).toThrow(RangeError)
  })
})
