import { simulate } from '../../src/vitest.ts'
import { relayRun } from './relay-run.ts'

simulate(
  'pipeFrom sends a slow reader everything, and buffers no more than its limit',
  { runs: 12 },
  relayRun,
)
