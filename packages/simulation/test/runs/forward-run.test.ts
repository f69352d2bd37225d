import { simulate } from '../../src/vitest.ts'
import { forwardRun } from './forward-run.ts'

simulate(
  'a forwarder passes on everything and every end, and holds no more than it may, on a network that misbehaves',
  { runs: 10, link: { lossPerMille: 5 } },
  forwardRun,
)
