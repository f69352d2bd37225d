import { afterEach, describe } from 'vitest'
import { runChecks } from '../run-checks.ts'
import { type SocketHarness, tcpHarness, unixHarness } from './socket-harness.ts'

describe('SocketWire', () => {
  const harnesses: SocketHarness[] = []
  const kept = (harness: SocketHarness): SocketHarness => {
    harnesses.push(harness)
    return harness
  }

  afterEach(async () => {
    for (const harness of harnesses.splice(0)) await harness.abortAll()
  })

  describe('over TCP', () => {
    runChecks(() => kept(tcpHarness()))
  })

  describe('over a UNIX socket', () => {
    runChecks(() => kept(unixHarness()))
  })
})
