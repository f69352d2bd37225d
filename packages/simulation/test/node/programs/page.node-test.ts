import assert from 'node:assert/strict'
import test from 'node:test'
import { simulateAll } from '@ropewalk/simulation'
import { install } from '@ropewalk/simulation/node'

install()

void test('the page arrives in spite of faults', async (t) => {
  const traces: string[] = []
  // A module is evaluated once in a process, so each start of the host needs a URL of its own.
  let starts = 0
  for (const _time of [1, 2]) {
    await simulateAll(
      async (sim) => {
        const pages: string[] = []
        sim.node('server', () => import(`./server.ts?${++starts}`))
        sim.node('client', async () => {
          const { fetchPage } = await import('./client.ts')
          pages.push(await fetchPage())
        })
        sim.injectFaults({ withinMs: 3_000, kinds: ['crash', 'partition', 'reset'] })
        await sim.run(60_000)
        assert.equal(pages.at(-1), 'hello')
        traces.push(sim.trace.toString())
      },
      { runs: 10, seedGlobals: true },
    )
  }
  assert.deepEqual(traces.slice(10), traces.slice(0, 10))
  t.diagnostic('20 runs')
})

void test('the seeds of a scenario run in worker threads', async () => {
  const { runs } = await simulateAll(new URL('scenario.ts', import.meta.url), { runs: 10, workers: 2 })
  assert.equal(runs, 10)
})
