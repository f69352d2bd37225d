import { simulate } from '../../src/vitest.ts'
import { reconnectRun } from './reconnect-run.ts'

simulate(
  'ReconnectingClientFactory comes back from crashes and partitions, until it is told not to',
  { runs: 15, link: { lossPerMille: 5 } },
  reconnectRun,
)
