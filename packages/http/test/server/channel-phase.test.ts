import { describe, expect, test } from 'vitest'
import { DEFAULT_CHANNEL_OPTIONS } from '../../src/server/channel-options.ts'
import {
  type ChannelEvent,
  CONGESTED,
  HEAD,
  IDLE,
  NEXT_PHASE,
  OVER,
  type Phase,
  phaseAfter,
  RequestPhase,
} from '../../src/server/channel-phase.ts'
import { Exchange } from './http-exchange.ts'

/** A phase of each kind. */
async function phases(): Promise<readonly Phase[]> {
  const exchange = new Exchange(() => undefined)
  await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  const request = new RequestPhase(exchange.requests[0]!, false, DEFAULT_CHANNEL_OPTIONS)
  return [IDLE, HEAD, CONGESTED, request, { is: 'discarding', leftBytes: 5 }, OVER]
}

const EVENTS = [
  ...new Set(Object.values(NEXT_PHASE).flatMap((events) => Object.keys(events))),
] as ChannelEvent[]

describe('phaseAfter', () => {
  test('returns the phase that the table lists, and throws for any other', async () => {
    const all = await phases()
    expect(all.map(({ is }) => is)).toEqual(Object.keys(NEXT_PHASE))
    for (const current of all) {
      for (const event of EVENTS) {
        for (const next of all) {
          const enter = (): Phase => phaseAfter(current, event, next)
          if (NEXT_PHASE[current.is][event] === next.is) expect(enter()).toBe(next)
          else expect(enter).toThrow(`Cannot enter the phase ${next.is} after the event ${event}`)
        }
      }
    }
  })

  test('ends every phase with close, and nothing follows the end', () => {
    expect(Object.values(NEXT_PHASE).every((events) => events.close === 'over')).toBe(true)
    expect(NEXT_PHASE.over).toEqual({ close: 'over' })
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
