import { simulate } from '../../src/real/simulate.ts'
import { TwoHosts } from '../two-hosts.ts'

simulate('a scenario is a test of vitest', { runs: 3 }, async (sim) => {
  if (!/^0-[012]$/.test(sim.seed)) throw new Error(`Seed ${sim.seed} is none of three`)
  await TwoHosts.connected({ seed: sim.seed })
})
