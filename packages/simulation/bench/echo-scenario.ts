import type { Simulation } from '../src/index.ts'
import { echoRun } from '../test/runs/echo-run.ts'

/** An echo WebSocket server with twenty clients, which worker threads can run. */
export default async function echoScenario(sim: Simulation): Promise<void> {
  await echoRun(sim, 20, 10)
}
