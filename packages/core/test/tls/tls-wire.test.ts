import { afterEach, describe } from 'vitest'
import { runChecks } from '../run-checks.ts'
import { type SocketHarness, tlsHarness } from '../node/socket-harness.ts'
import { tlsMemoryHarness } from './tls-memory-harness.ts'

describe('TLSWire over TCP', () => {
  const harnesses: SocketHarness[] = []
  afterEach(async () => {
    await Promise.all(harnesses.splice(0).map((harness) => harness.abortAll()))
  })
  runChecks(() => {
    const harness = tlsHarness()
    harnesses.push(harness)
    return harness
  })
})

describe('TLSWire over memory', () => {
  runChecks(tlsMemoryHarness)
})
