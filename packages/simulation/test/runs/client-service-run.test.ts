import { simulate } from '../../src/vitest.ts'
import { clientServiceRun } from './client-service-run.ts'

simulate(
  'ClientService reconnects after crashes and partitions, settles whenConnected, and always stops',
  { runs: 25, link: { lossPerMille: 5 } },
  clientServiceRun,
)
