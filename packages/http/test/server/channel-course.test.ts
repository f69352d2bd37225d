import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { ChannelCourse, type Overdue } from '../../src/server/channel-course.ts'
import { DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions } from '../../src/server/channel-options.ts'
import { type ChannelEvent, NEXT_PHASE, type Phase, RequestPhase } from '../../src/server/channel-phase.ts'
import { Exchange } from './http-exchange.ts'

function begin(options: Partial<HTTPChannelOptions> = {}): {
  reactor: MemoryReactor
  course: ChannelCourse
  expired: Overdue['is'][]
} {
  const reactor = new MemoryReactor()
  const transport = new StringTransport({ reactor })
  const expired: Overdue['is'][] = []
  const course = new ChannelCourse({ transport, deadlinePassed: ({ is }) => void expired.push(is) })
  course.begin({ ...DEFAULT_CHANNEL_OPTIONS, ...options })
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

  test('waits for the next request, and for the rest of its head', () => {
    const { reactor, course, expired } = begin({ keepAliveTimeoutMs: 300 })
    course.outputFull()
    course.outputSent()
    expect(course.phase.is).toBe('idle')
    reactor.advance(200)
    course.headBegun()
    reactor.advance(59_000)
    expect([course.phase.is, expired]).toEqual(['head', []])
    reactor.advance(1_100)
    expect(expired).toEqual(['head'])
  })

  test('passes on the request whose body, beginning or progress is overdue', async () => {
    const { reactor, course, expired } = begin({ departureGraceMs: 1000 })
    const phase = await requestPhase()
    course.headRead(phase)
    course.awaitProgress(phase, true)
    reactor.advance(10_100)
    course.awaitProgress(phase, false)
    course.setResponseTimeout(phase, 500)
    reactor.advance(600)
    course.awaitDeparture(phase)
    reactor.advance(1_100)
    expect(expired).toEqual(['body', 'response', 'departure'])
  })

  test('waits at most drainGraceMs for a request while the reactor stops', async () => {
    for (const before of ['idle', 'head', 'congested']) {
      const { reactor, course, expired } = begin({ drainGraceMs: 200 })
      if (before === 'head') course.headBegun()
      if (before === 'congested') course.outputFull()
      expect(course.draining).toBe(false)
      const drained = course.drain()
      expect([course.draining, course.drain()]).toEqual([true, drained])
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
    expect([reactor.getDelayedCalls(), course.phase.is, course.drain()]).toEqual([[], 'over', undefined])
  })

  test('enters the phase that the table lists for an event, and throws for one that cannot happen', async () => {
    const phase = await requestPhase()
    const events: Readonly<Record<ChannelEvent, (course: ChannelCourse) => unknown>> = {
      headBegun: (course) => course.headBegun(),
      headRead: (course) => course.headRead(phase),
      outputFull: (course) => course.outputFull(),
      outputSent: (course) => course.outputSent(),
      exchangeComplete: (course) => course.exchangeComplete(false),
      responseComplete: (course) => course.responseComplete(),
      bodyComplete: (course) => course.bodyComplete(),
      drain: (course) => course.drain(),
      end: (course) => course.end(),
    }
    const paths: Readonly<Record<Phase['is'], readonly ChannelEvent[]>> = {
      idle: [],
      head: ['headBegun'],
      congested: ['outputFull'],
      request: ['headRead'],
      discarding: ['headRead', 'responseComplete'],
      over: ['end'],
    }
    for (const before of Object.keys(paths) as Phase['is'][]) {
      for (const event of Object.keys(events) as ChannelEvent[]) {
        const { course } = begin()
        for (const step of paths[before]) events[step](course)
        expect(course.phase.is).toBe(before)
        const next = NEXT_PHASE[before][event]
        if (next === undefined)
          expect(() => events[event](course), `${before} ${event}`).toThrow(`after the phase ${before}`)
        else events[event](course)
        expect(course.phase.is, `${before} ${event}`).toBe(next ?? before)
      }
    }
  })
})
