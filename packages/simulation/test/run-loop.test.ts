import { randomUUID } from 'node:crypto'
import { sleep } from '@ropewalk/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Simulation } from '../src/index.ts'
import { runningHost, SimulationFailed } from '../src/run-loop.ts'

describe('RunLoop', () => {
  test('rejects, rather than waiting without end, when the timers of the process are faked', async () => {
    const sim = new Simulation({ seed: 1 })
    onTestFinished(() => void vi.useRealTimers())
    vi.useFakeTimers()
    await expect(sim.run(10)).rejects.toThrow(
      'Cannot let virtual time pass while setImmediate is faked: call vi.useRealTimers() before',
    )
    vi.useRealTimers()
    await sim.run(10)
    expect(sim.nowMs).toBe(10)
  })

  test('makes randomness and time in programs follow from the seed with seedGlobals', async () => {
    const valuesSeen = async (seed: number, seedGlobals: boolean): Promise<unknown> => {
      const values: unknown[] = []
      const sim = new Simulation({ seed, seedGlobals })
      const host = sim.host('one', async (reactor) => {
        await sleep(5, { reactor })
        values.push(Math.random(), randomUUID(), Date.now(), performance.now())
      })
      host.jumpCalendar(1000)
      await sim.run(10)
      return values
    }
    expect(await valuesSeen(1, true)).toEqual(await valuesSeen(1, true))
    expect(await valuesSeen(1, true)).toMatchObject([
      expect.any(Number),
      expect.any(String),
      1_767_225_601_005,
      5,
    ])
    expect(await valuesSeen(1, true)).not.toEqual(await valuesSeen(2, true))
    expect(await valuesSeen(1, false)).not.toEqual(await valuesSeen(1, false))
  })

  test('seeds the globals unless seedGlobals is false', async () => {
    const seen = async (options: { readonly seedGlobals?: boolean }): Promise<readonly unknown[]> => {
      const values: unknown[] = []
      const sim = new Simulation({ seed: 1, ...options })
      sim.host('one', () => void values.push(Math.random(), Date.now(), process.hrtime.bigint()))
      await sim.run(10)
      return values
    }
    expect(await seen({})).toEqual(await seen({ seedGlobals: true }))
    expect(await seen({})).not.toEqual(await seen({ seedGlobals: false }))
  })

  test('fails a program that waits in a loop for its seeded clock', async () => {
    const sim = new Simulation({ seed: 1, seedGlobals: true })
    sim.host('one', () => {
      for (const end = Date.now() + 5; Date.now() < end;);
    })
    await expect(sim.run(10)).rejects.toThrow('one waits in a loop for time to pass')
  })

  test('gives two simulations that run at the same time separate randomness', async () => {
    const worlds = [1, 2].map((seed) => {
      const sim = new Simulation({ seed, seedGlobals: true })
      const values: number[] = []
      sim.host('one', async (reactor) => {
        for (let round = 0; round < 3; round++) {
          await sleep(5, { reactor })
          values.push(Math.random())
        }
      })
      return { sim, values }
    })
    const real = Math.random
    await Promise.all(worlds.map(({ sim }, at) => sim.run(20 + at * 50)))
    const [first, second] = worlds.map(({ values }) => values)
    expect([first?.length, second?.length]).toEqual([3, 3])
    expect(first).not.toEqual(second)
    expect(Math.random).toBe(real)
  })
})

test('runningHost returns the host whose code runs, also after a wait, and undefined outside of hosts', async () => {
  const sim = new Simulation({ seed: 1 })
  const seen: unknown[] = []
  const host = sim.host('one', async (reactor) => {
    await sleep(5, { reactor })
    seen.push(runningHost())
  })
  sim.at(7, () => seen.push(runningHost()))
  sim.at(8, () => host.execute(() => seen.push(runningHost())))
  await sim.run(10)
  expect(seen).toEqual([host, undefined, host])
})

test('a callback that a host executes fails the run when it throws', async () => {
  const sim = new Simulation({ seed: 1 })
  const host = sim.host('one', () => undefined)
  sim.at(3, () =>
    host.execute(() => {
      throw new Error('no')
    }),
  )
  await expect(sim.run(10)).rejects.toThrow('Seed 1 at 3.000 ms: one failed: no')
})

test('the message of a failure contains the seed, the virtual time and the cause', () => {
  const cause = new Error('no room')
  const failed = new SimulationFailed('0-7', 12.3456, 'server failed', cause)
  expect([failed.message, failed.seed, failed.atMs, failed.cause]).toEqual([
    'Seed 0-7 at 12.346 ms: server failed: no room',
    '0-7',
    12.3456,
    cause,
  ])
  expect(new SimulationFailed('1', 0, 'server failed', undefined).message).toBe(
    'Seed 1 at 0.000 ms: server failed',
  )
})

test('an exception in a later tick fails the run with its host, and does not end the process', async () => {
  const sim = new Simulation({ seed: 1 })
  sim.host('server', (reactor) => {
    reactor.callLater(5, () =>
      process.nextTick(() => {
        throw new Error('it broke')
      }),
    )
  })
  await expect(sim.run(10)).rejects.toThrow('Seed 1 at 5.000 ms: server failed: it broke')
})
