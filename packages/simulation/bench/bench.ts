// Measures how fast simulations of an echo WebSocket server run, and checks the server in each of them:
//
//   npm run bench --prefix packages/simulation
import { simulateAll } from '../src/index.ts'
import { echoRun } from '../test/runs/echo-run.ts'

const RUNS = Number(process.argv[2] ?? 1000)
const CLIENTS = 20
const startedMs = performance.now()
let events = 0
const { runs, virtualMs, faults } = await simulateAll(
  async (sim) => {
    await echoRun(sim, CLIENTS, 10)
    events += sim.events
  },
  { runs: RUNS, link: { lossPerMille: 5 } },
)
const seconds = (performance.now() - startedMs) / 1000
console.log(`${runs} runs of ${CLIENTS} clients in ${seconds.toFixed(1)} s`)
console.log(
  `${Math.round(virtualMs / 1000 / seconds)} virtual seconds and ${Math.round(events / seconds)} events in a second`,
)
console.log(faults)
