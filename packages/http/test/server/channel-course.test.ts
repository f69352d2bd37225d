import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { ChannelCourse, type Overdue } from '../../src/server/channel-course.ts'
import { DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions } from '../../src/server/channel-options.ts'
import { RequestPhase } from '../../src/server/channel-phase.ts'
import { Exchange } from './http-exchange.ts'

function begin(options: Partial<HTTPChannelOptions> = {}): {
  reactor: MemoryReactor
  course: ChannelCourse
  expired: Overdue[]
} {
  const reactor = new MemoryReactor()
  const transport = new StringTransport({ reactor })
  const factory = { options: { ...DEFAULT_CHANNEL_OPTIONS, ...options } }
  const expired: Overdue[] = []
  const course = new ChannelCourse({ transport, factory }, (overdue) => expired.push(overdue))
  course.begin()
  return { reactor, course, expired }
}

async function requestPhase(): Promise<RequestPhase> {
  const exchange = new Exchange(() => undefined)
  await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  return new RequestPhase(exchange.requests[0]!, false, DEFAULT_CHANNEL_OPTIONS)
}

describe('ChannelCourse', () => {
  test('expires once, for what the current phase waits for', () => {
    const { reactor, course, expired } = begin({ idleTimeoutMs: 1000, headTimeoutMs: 1000 })
    reactor.advance(600)
    course.headBegun()
    reactor.advance(900)
    expect([expired, course.phase.is]).toEqual([[], 'head'])
    reactor.advance(200)
    expect(expired).toEqual(['head'])
    reactor.advance(100_000)
    expect(expired).toEqual(['head'])
  })

  test('can wait for a shorter time than before', () => {
    const { reactor, course, expired } = begin({ headTimeoutMs: 100 })
    course.headBegun()
    reactor.advance(200)
    expect(expired).toEqual(['head'])
  })

  test('ignores the deadline of an earlier phase in one that does not wait', async () => {
    const congested = begin()
    congested.course.outputFull()
    congested.reactor.advance(100_000)
    expect(congested.expired).toEqual([])
    const processing = begin()
    processing.course.headRead(await requestPhase())
    processing.reactor.advance(100_000)
    expect(processing.expired).toEqual([])
  })

  test('waits for the next request, or for the rest of one that has begun', () => {
    for (const [begun, phase] of [
      [false, 'idle'],
      [true, 'head'],
    ] as const) {
      const { reactor, course, expired } = begin({ keepAliveTimeoutMs: 300, headTimeoutMs: 300 })
      course.outputFull()
      course.awaitRequest('output sent', begun)
      expect(course.phase.is).toBe(phase)
      reactor.advance(400)
      expect(expired).toEqual([begun ? 'head' : 'next request'])
    }
  })

  test('waits at most drainGraceMs for a request while the reactor stops', async () => {
    for (const before of ['idle', 'head', 'congested']) {
      const { reactor, course, expired } = begin({ drainGraceMs: 200 })
      if (before === 'head') course.headBegun()
      if (before === 'congested') course.outputFull()
      expect(course.draining).toBe(false)
      const drained = course.drain(before === 'head')
      expect([course.draining, course.drain(false)]).toEqual([true, drained])
      reactor.advance(300)
      expect(expired).toEqual([before === 'head' ? 'head' : 'next request'])
      course.end()
      await drained
    }
  })

  test('leaves no timer once ended, and does not drain', () => {
    const { reactor, course } = begin()
    course.end()
    course.end()
    expect([reactor.getDelayedCalls(), course.phase.is, course.drain(false)]).toEqual([[], 'over', undefined])
  })

  test('throws for an event that cannot happen in its phase', async () => {
    const phase = await requestPhase()
    const { course } = begin()
    expect(() => course.discardBody()).toThrow('after the event response complete in the phase idle')
    course.headRead(phase)
    expect(() => course.headBegun()).toThrow('after the event first byte in the phase request')
    course.end()
    expect(() => course.headRead(phase)).toThrow('after the event head read in the phase over')
  })
})
