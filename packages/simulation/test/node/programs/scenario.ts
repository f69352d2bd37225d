import assert from 'node:assert/strict'
import http from 'node:http'
import type { Simulation } from '@ropewalk/simulation'
import { install } from '@ropewalk/simulation/node'
import { fetchPage } from './client.ts'

install()

/** A scenario that worker threads run. */
export default async function scenario(sim: Simulation): Promise<void> {
  let page = ''
  sim.node('server', () => void http.createServer((_request, response) => response.end('hello')).listen(80))
  sim.node('client', async () => {
    page = await fetchPage()
  })
  sim.injectFaults({ withinMs: 3_000, kinds: ['crash', 'partition', 'reset'] })
  await sim.run(60_000)
  assert.equal(page, 'hello')
}
