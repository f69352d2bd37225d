import { describe, expect, test } from 'vitest'
import { DEFAULT_CHANNEL_OPTIONS } from '../../src/server/channel-options.ts'

describe('DEFAULT_CHANNEL_OPTIONS', () => {
  test('row 161: waits longer for the next request than balancers do', () => {
    const { keepAliveTimeoutMs, headTimeoutMs, bodyTimeoutMs, idleTimeoutMs } = DEFAULT_CHANNEL_OPTIONS
    expect(keepAliveTimeoutMs).toBe(75_000)
    expect([headTimeoutMs, bodyTimeoutMs, idleTimeoutMs]).toEqual([60_000, 60_000, 60_000])
  })
})
