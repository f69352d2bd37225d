import { simulate } from '../../src/vitest.ts'
import { relayRun } from './relay-run.ts'

simulate('pipeFrom gives a slow reader everything, and holds no more than it may', { runs: 12 }, relayRun)
