import { once } from 'node:events'
import { setInterval as every, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Simulation, simulateAll } from '../../src/index.ts'
import { install } from '../../src/node.ts'

install()

/** The first line of the message with which a scenario fails; undefined when it passes. */
async function failure(scenario: (sim: Simulation) => Promise<void>): Promise<string | undefined> {
  const failed = await simulateAll(scenario, { runs: 1 }).then(() => undefined, String)
  return failed?.split('\n', 1)[0]
}

describe('a scenario that waits for a real timer fails, with the place at which it was set', () => {
  test.each<[string, (sim: Simulation) => Promise<unknown>]>([
    ['setTimeout', () => new Promise((resolve) => setTimeout(resolve, 1))],
    ['timers/promises', () => sleep(1)],
    [
      'an interval',
      async () => {
        for await (const _time of every(1)) break
      },
    ],
    ['AbortSignal.timeout', () => once(AbortSignal.timeout(1), 'abort')],
    ['a timer beside virtual time', async (sim) => Promise.all([sim.run(5_000), sleep(1)])],
  ])('%s', async (_name, wait) => {
    const message = await failure(async (sim) => {
      sim.node('one', () => void setInterval(() => undefined, 1))
      await sim.run(1)
      await wait(sim)
      await sim.run(1)
    })
    expect(message).toMatch(/the scenario waits for a real timer, .*, set at .*scenario-timers\.test\.ts:\d+/)
    expect(message).toContain('await sim.run or sim.runUntil, or call sim.at')
  })
})

test('a real timer that a scenario clears is no failure, nor are timers of hosts and of other code', async () => {
  const other = sleep(1)
  const message = await failure(async (sim) => {
    const guard = setTimeout(() => undefined, 60_000)
    sim.node('one', () => sleep(500))
    await sim.run(1_000)
    await other
    clearTimeout(guard)
  })
  expect(message).toBeUndefined()
})
