import { simulate } from '../../src/vitest.ts'
import { tlsRun } from './tls-run.ts'

simulate(
  'TLS from the start or by startTLS protects all later lines, on a network that misbehaves',
  { runs: 10 },
  tlsRun,
)
