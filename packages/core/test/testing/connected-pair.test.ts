import { describe } from 'vitest'
import { pairHarness } from '../memory-harness.ts'
import { runChecks } from '../run-checks.ts'

describe('connectedPair', () => {
  runChecks(pairHarness)
})
