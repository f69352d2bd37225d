import { simulate } from '../../src/vitest.ts'
import { datagramRun } from './datagram-run.ts'

simulate(
  'who asks again over UDP is answered, on a network that misbehaves',
  { runs: 60, link: { lossPerMille: 100, duplicatesPerMille: 100 } },
  datagramRun,
)
