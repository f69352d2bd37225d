import { simulate } from '../../src/vitest.ts'
import { webSocketClientRun } from './websocket-client-run.ts'

simulate(
  'WebSocket clients reconnect after crashes and partitions, lose no message of a connection, and always stop',
  { runs: 25, link: { lossPerMille: 20 } },
  webSocketClientRun,
)
