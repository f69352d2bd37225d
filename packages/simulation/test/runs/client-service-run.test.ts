import { simulate } from '../../src/vitest.ts'
import { clientServiceRun } from './client-service-run.ts'

simulate(
  'ClientService comes back from crashes and partitions, tells who waits, and always stops',
  { runs: 25, link: { lossPerMille: 5 } },
  clientServiceRun,
)
