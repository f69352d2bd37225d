import { describe, expect, test } from 'vitest'
import { DEFAULT_DISK } from '../src/disk/disk-conditions.ts'
import { FAULT_KINDS } from '../src/faults.ts'
import { Simulation } from '../src/index.ts'
import { Random } from '../src/random.ts'
import type { RunConditions } from '../src/reduction.ts'
import { drawClockRate, drawConditions, drawPlan, lateTimers } from '../src/swarm.ts'

const plain: RunConditions = {
  link: { latencyMs: [1, 20], lossPerMille: 0, duplicatesPerMille: 0, bytesPerSecond: 1000 },
  limits: { sendBufferBytes: 1, receiveBufferBytes: 1, segmentBytes: 1, giveUpMs: 1, cuts: 'none' },
  disk: DEFAULT_DISK,
  maxSkew: 0,
  lateMs: 0,
  shufflesTies: false,
}

const seeds = Array.from({ length: 200 }, (_, at) => String(at))

describe('drawConditions', () => {
  test('draws different conditions for different seeds, and the same for the same', () => {
    const drawn = seeds.map((seed) => JSON.stringify(drawConditions(new Random(seed), plain)))
    expect(drawn).toEqual(seeds.map((seed) => JSON.stringify(drawConditions(new Random(seed), plain))))
    expect(new Set(drawn).size).toBeGreaterThan(150)
  })

  test('keeps what it does not draw', () => {
    expect(drawConditions(new Random('1'), plain).limits.giveUpMs).toBe(1)
  })
})

describe('drawPlan', () => {
  test('draws some kinds of faults for each seed, and all over many seeds', () => {
    const kinds = seeds.map((seed) => drawPlan(new Random(seed), { withinMs: 5 }).kinds ?? [])
    expect(kinds.every(({ length }) => length > 0)).toBe(true)
    expect(new Set(kinds.flat()).size).toBe(FAULT_KINDS.length)
    expect(kinds.some(({ length }) => length < 6)).toBe(true)
  })

  test('keeps what the plan gives', () => {
    const plan = { withinMs: 5, most: 1, longestMs: 3, kinds: ['crash'] } as const
    expect(drawPlan(new Random('1'), plan)).toEqual(plan)
    expect(drawPlan(new Random('1'), { withinMs: 5, most: undefined }).most).toEqual(expect.any(Number))
  })
})

test('drawClockRate stays within the greatest difference', () => {
  const rates = seeds.map((seed) => drawClockRate(new Random(seed), 0.01))
  expect(rates.every((rate) => rate >= 0.99 && rate <= 1.01)).toBe(true)
  expect(drawClockRate(new Random('1'), 0)).toBe(1)
})

test('lateTimers delays some timers, never by more than the longest time, and keeps their order', () => {
  const late = lateTimers(12_345, 50)
  const times = Array.from({ length: 20_000 }, (_, at) => at)
  const delayed = times.map(late)
  const delays = delayed.map((ms, at) => ms - at)
  expect(Math.max(...delays)).toBeLessThanOrEqual(50.001)
  expect(Math.min(...delays)).toBe(0)
  expect(delays.filter((delay) => delay > 0).length).toBeGreaterThan(300)
  expect(delayed.toSorted((one, other) => one - other)).toEqual(delayed)
  expect(times.map(lateTimers(7, 0))).toEqual(times)
})

describe('a simulation with swarm', () => {
  test('draws its conditions from the seed, but for those that are given', () => {
    const conditions = (swarm: boolean): readonly unknown[] =>
      seeds.slice(0, 30).map((seed) => {
        const sim = new Simulation({ seed, swarm, link: { lossPerMille: 7 }, limits: { cuts: 'none' } })
        const [one, other] = [sim.host('one', () => undefined), sim.host('other', () => undefined)]
        expect(sim.network.link(one, other).conditions.lossPerMille).toBe(7)
        expect(sim.network.setup.limits.cuts).toBe('none')
        return JSON.stringify(sim.network.link(one, other).conditions)
      })
    expect(new Set(conditions(false)).size).toBe(1)
    expect(new Set(conditions(true)).size).toBeGreaterThan(5)
    expect(conditions(true)).toEqual(conditions(true))
  })

  test('calls the timers of different hosts at the same time in an order that the seed draws', async () => {
    const order = async (seed: string, faults?: string): Promise<string> => {
      const called: string[] = []
      const options = faults === undefined ? { seed, swarm: true } : { seed, swarm: true, faults }
      const sim = new Simulation(options)
      for (const name of ['a', 'b', 'c', 'd'])
        sim.host(name, (reactor) => {
          reactor.callLater(100, () => called.push(`${name}1`))
          reactor.callLater(100, () => called.push(`${name}2`))
        })
      await sim.run(200)
      return called.join(' ')
    }
    const orders = await Promise.all(seeds.slice(0, 40).map((seed) => order(seed, 'no-skew,no-late-timers')))
    expect(new Set(orders).size).toBeGreaterThan(5)
    expect(
      orders.every((each) =>
        ['a', 'b', 'c', 'd'].every((name) => each.indexOf(`${name}1`) < each.indexOf(`${name}2`)),
      ),
    ).toBe(true)
    expect(await order('1')).toBe(await order('1'))
    expect(await order('3', 'plain')).toBe('a1 a2 b1 b2 c1 c2 d1 d2')
  })
})
