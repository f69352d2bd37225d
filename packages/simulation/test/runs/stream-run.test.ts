import { simulate } from '../../src/vitest.ts'
import { streamRun } from './stream-run.ts'

simulate('coroutines receive their records whole, on a network that misbehaves', { runs: 30 }, streamRun)
