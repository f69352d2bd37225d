import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { encodeResponse } from '../../src/response/content-coding.ts'
import type { EventStream, EventStreamOptions } from '../../src/response/event-stream.ts'
import type { Request } from '../../src/server/request.ts'
import { ended, parse, passed } from './coded-response.ts'
import { Exchange } from '../server/http-exchange.ts'

/** An exchange with a stream of events that is open. */
async function streaming(
  options: Partial<EventStreamOptions> = {},
  fields: string = '',
  before: (request: Request) => void = () => undefined,
): Promise<{ exchange: Exchange; events: EventStream; request: Request }> {
  let events: EventStream | undefined
  const exchange = new Exchange((request) => {
    before(request)
    events = request.eventStream(options)
  })
  await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${fields}\r\n`)
  const [request] = exchange.requests
  if (events === undefined || request === undefined) throw new Error('Cannot begin')
  return { exchange, events, request }
}

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

describe('EventStream', () => {
  test('sends the head at once, and each event at the end of the turn', async () => {
    const { exchange, events } = await streaming()
    expect(await exchange.received()).toBe(
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n' +
        'X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    expect(events.send({ data: 'a\nb', event: 'tick', id: '1' })).toBe(true)
    expect(events.send('c')).toBe(true)
    expect(await exchange.received()).toBe(
      chunk('event: tick\nid: 1\ndata: a\ndata: b\n\n') + chunk('data: c\n\n'),
    )
    expect(events.comment('still here')).toBe(true)
    expect(await exchange.received()).toBe(chunk(': still here\n\n'))
    events.close()
    events.close()
    expect(await exchange.received()).toBe('0\r\n\r\n')
    expect([events.open, events.send('late'), events.comment()]).toEqual([false, false, false])
    expect(exchange.reactor.logged).toEqual([])
    expect(exchange.closed).toBe(false)
  })

  test('keeps Cache-Control of the program', async () => {
    const { exchange } = await streaming({}, '', (request) => request.setHeader('Cache-Control', 'no-store'))
    expect(await exchange.received()).toContain('Cache-Control: no-store\r\n')
  })

  test('sends a comment after each heartbeatMs of silence', async () => {
    const { exchange, events } = await streaming()
    await exchange.received()
    exchange.reactor.advance(14_900)
    events.send('x')
    await exchange.received()
    exchange.reactor.advance(14_900)
    expect(await exchange.received()).toBe('')
    exchange.reactor.advance(200)
    expect(await exchange.received()).toBe(chunk(':\n\n'))
    exchange.reactor.advance(15_100)
    expect(await exchange.received()).toBe(chunk(':\n\n'))
    events.close()
    exchange.reactor.advance(100_000)
    expect(await exchange.received()).toBe('0\r\n\r\n')
  })

  test('has no heartbeat when that is Infinity', async () => {
    const { exchange } = await streaming({ heartbeatMs: Infinity })
    await exchange.received()
    exchange.reactor.advance(1_000_000)
    expect(await exchange.received()).toBe('')
  })

  test('refuses events that cannot be sent, and stays open', async () => {
    const { exchange, events } = await streaming()
    await exchange.received()
    expect(() => events.send({ data: 'x', id: 'a\nb' })).toThrow(TypeError)
    expect(() => events.send({ retryMs: -1 })).toThrow(RangeError)
    expect(await exchange.received()).toBe('')
    expect(events.send('x')).toBe(true)
  })

  test('has the id that the client received last, as UTF-8', async () => {
    const { events } = await streaming({}, 'Last-Event-ID: é7\r\n')
    expect(events.lastEventId).toBe('é7')
    expect((await streaming()).events.lastEventId).toBeUndefined()
  })

  test.each(['receiveReset', 'receiveEnd'] as const)('ends with the client: %s', async (leave) => {
    const { exchange, events, request } = await streaming()
    exchange.transport[leave]()
    await exchange.reactor.settle()
    expect([events.open, events.signal.aborted, events.send('x')]).toEqual([false, true, false])
    expect(await events.drained()).toBe(false)
    expect(await request.finished).toBe(leave === 'receiveEnd' ? 'complete' : 'aborted')
    exchange.expectNothingLeft()
  })

  test('ends when the reactor stops, so that the connection is drained at once', async () => {
    const { exchange, events } = await streaming()
    await exchange.received()
    void exchange.channel.drain()
    expect(events.open).toBe(false)
    expect(await exchange.received()).toBe('0\r\n\r\n')
    exchange.reactor.advance(1_100)
    expect(exchange.closed).toBe(true)
  })

  test('closes for a client that does not read, when too much waits', async () => {
    const { exchange, events } = await streaming({ maxWaitingBytes: 200_000 })
    exchange.transport.block()
    const data = 'x'.repeat(10_000)
    let sent = 0
    while (events.open && sent < 1000) {
      events.send(data)
      sent++
      await exchange.reactor.settle()
    }
    // What the system has taken does not count.
    expect(sent).toBeLessThan(35)
    expect(events.send(data)).toBe(false)
    exchange.transport.unblock()
    expect(await exchange.received()).toMatch(/0\r\n\r\n$/)
  })

  test('send returns false when the client is slow, and drained resolves when it has read', async () => {
    const { exchange, events } = await streaming()
    exchange.transport.block()
    let ready = true
    while (ready) ready = events.send('x'.repeat(10_000))
    const drained = events.drained()
    await exchange.reactor.settle()
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(await drained).toBe(true)
    expect(events.send('y')).toBe(true)
  })

  test('HEAD gets the head alone', async () => {
    let open: boolean | undefined
    const exchange = new Exchange((request) => {
      open = request.eventStream().open
    })
    await exchange.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await exchange.received()).toMatch(/Content-Type: text\/event-stream\r\n[^]*\r\n\r\n$/)
    expect([open, exchange.requests[0]?.outcome]).toEqual([false, 'complete'])
    expect(exchange.reactor.logged).toEqual([])
  })

  test('is coded, each event as soon as it was sent', async () => {
    const { exchange, events } = await streaming({}, 'Accept-Encoding: gzip\r\n', (request) =>
      encodeResponse(request),
    )
    let before = 0
    for (const data of ['one', 'two', 'three']) {
      events.send(data)
      while (exchange.transport.bytes().length === before) await passed(exchange)
      before = exchange.transport.bytes().length
    }
    events.close()
    await ended(exchange)
    const { headers, body } = parse(exchange.transport.bytes())
    expect(headers.get('content-encoding')).toBe('gzip')
    expect(gunzipSync(body).toString()).toBe('data: one\n\ndata: two\n\ndata: three\n\n')
  })

  test.each([{ heartbeatMs: -1 }, { heartbeatMs: '5' }, { maxWaitingBytes: 0.5 }, { heartbeat: 5 }])(
    'refuses the options %j',
    async (options) => {
      const exchange = new Exchange((request) => {
        expect(() => request.eventStream(options as object)).toThrow(/eventStream/)
        request.finish()
      })
      await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      expect(exchange.requests[0]?.outcome).toBe('complete')
    },
  )
})
