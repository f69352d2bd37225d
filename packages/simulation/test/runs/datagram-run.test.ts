import { simulate } from '../../src/vitest.ts'
import { datagramRun } from './datagram-run.ts'

simulate(
  'a UDP client that repeats its questions gets every reply, on a network that misbehaves',
  { runs: 60, link: { lossPerMille: 100, duplicatesPerMille: 100 } },
  datagramRun,
)
