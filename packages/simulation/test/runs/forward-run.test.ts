import { simulate } from '../../src/vitest.ts'
import { forwardRun } from './forward-run.ts'

simulate(
  'a forwarder forwards all bytes and every FIN, and buffers no more than its limit, on a network that misbehaves',
  { runs: 10, link: { lossPerMille: 5 } },
  forwardRun,
)
