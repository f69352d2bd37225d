import { describe, expect, test } from 'vitest'
import { ScenarioFailed, simulateAll } from '../../src/index.ts'
import { cutFrame } from './cut-frame.ts'
import { earlyReply } from './early-reply.ts'
import { idleConnection } from './idle-connection.ts'
import { lateJoin } from './late-join.ts'
import { lease } from './lease.ts'
import { lobbyDrain } from './lobby-drain.ts'
import { rpcRetry } from './rpc-retry.ts'

const PLANTS = [rpcRetry, lease, lateJoin, lobbyDrain, cutFrame, idleConnection, earlyReply]

describe.each(PLANTS)('$bug', ({ finding, planted, mended }) => {
  test('200 seeds find it', async () => {
    const failure: unknown = await simulateAll(planted, { runs: 200, shrinkMs: 2000 }).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(ScenarioFailed)
    expect(String(failure)).toMatch(finding)
    expect(String(failure)).not.toContain('not deterministic')
  })

  test('its mended twin passes 500 seeds', async () => {
    expect((await simulateAll(mended, { runs: 500 })).runs).toBe(500)
  })
})
