import { describe, expect, test } from 'vitest'
import { DEFAULT_CHANNEL_OPTIONS } from '../../src/server/channel-options.ts'
import { NEXT_PHASE, RequestPhase } from '../../src/server/channel-phase.ts'
import { Exchange } from './http-exchange.ts'

describe('NEXT_PHASE', () => {
  test('ends every phase, accepts a stop in every phase, and has nothing after the end', () => {
    for (const events of Object.values(NEXT_PHASE))
      expect(events).toMatchObject({ end: 'over', drain: expect.anything() })
    expect(NEXT_PHASE.over).toEqual({ drain: 'over', end: 'over' })
  })
})

describe('RequestPhase', () => {
  test('passes pieces to the body, and extends the time for it', async () => {
    const exchange = new Exchange(() => undefined)
    await exchange.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n')
    const [request] = exchange.requests
    const phase = new RequestPhase(request!, false, DEFAULT_CHANNEL_OPTIONS)
    const at = (nowMs: number) => ({ now: () => nowMs })
    expect(phase.waitForBody(at(0))).toBe(10_000)
    phase.bodyReceived(Buffer.from('abc'))
    phase.pauseBody(at(4_000))
    expect(phase.waitForBody(at(9_000))).toBe(6_006)
    const pieces = request!.body[Symbol.asyncIterator]()
    expect(String((await pieces.next()).value)).toBe('abc')
    expect(phase.responseTimeoutMs).toBe(120_000)
  })
})
