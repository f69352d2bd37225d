import { expect, test } from 'vitest'
import { NetworkStats } from '../src/network/network-stats.ts'
import { Tally } from '../src/tally.ts'
import { TwoHosts } from './two-hosts.ts'

test('Tally adds up runs and other sums', async () => {
  const tally = new Tally()
  tally.addSometimes([['full', 0]])
  const { sim } = await TwoHosts.connected()
  sim.sometimes('torn')
  tally.addRun(sim)
  const network = Object.assign(new NetworkStats(), { connections: 2 })
  tally.add({ runs: 3, virtualMs: 10, faults: { crash: 2 }, network, sometimes: { torn: 4 } })
  tally.add({ runs: 1, virtualMs: 10, faults: { crash: 1 }, network, sometimes: {} })
  expect(tally.coverage).toMatchObject({
    runs: 5,
    virtualMs: sim.nowMs + 20,
    faults: { crash: 3 },
    network: { connections: 5 },
    sometimes: { full: 0, torn: 5 },
  })
})
