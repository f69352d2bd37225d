import { simulate } from '../../src/vitest.ts'
import { policyRun } from './policy-run.ts'

simulate('limits, throttles and PROXY headers work on a network that misbehaves', { runs: 8 }, policyRun)
