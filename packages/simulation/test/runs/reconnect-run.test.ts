import { simulate } from '../../src/vitest.ts'
import { reconnectRun } from './reconnect-run.ts'

simulate(
  'ReconnectingClientFactory reconnects after crashes and partitions, until stopTrying',
  { runs: 15, link: { lossPerMille: 5 } },
  reconnectRun,
)
