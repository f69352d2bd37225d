// Measures how fast simulations of an echo WebSocket server run, and checks the server in each of them:
//
//   npm run bench --prefix packages/simulation
//
// The first argument is the number of runs, the second one that of worker threads.
import { simulateAll } from '../src/index.ts'

const [runs = 1000, workers] = process.argv.slice(2).map(Number)
const startedMs = performance.now()
const { virtualMs, faults, network } = await simulateAll(new URL('./echo-scenario.ts', import.meta.url), {
  runs,
  link: { lossPerMille: 5 },
  ...(workers === undefined ? {} : { workers }),
})
const seconds = (performance.now() - startedMs) / 1000
console.log(`${runs} runs of 20 clients in ${seconds.toFixed(1)} s`)
console.log(
  `${Math.round(virtualMs / 1000 / seconds)} virtual seconds and ${Math.round(network.segments / seconds)} segments in a second`,
)
console.log(faults)
