import { simulate } from '../../src/vitest.ts'
import { tlsRun } from './tls-run.ts'

simulate(
  'TLS begins in place or at once, and protects what follows, on a network that misbehaves',
  { runs: 10 },
  tlsRun,
)
