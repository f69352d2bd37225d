import { HTTPError } from '../../src/errors.ts'
import { describe, expect, test } from 'vitest'
import { type AccessLog, combinedLog, type FinishedRequest, jsonLog } from '../../src/server/access-log.ts'
import { HTTPFactory } from '../../src/server/http-factory.ts'
import type { HTTPChannelOptions } from '../../src/server/channel-options.ts'
import type { Request } from '../../src/server/request.ts'
import { type Address, Protocol, tcpAddress, unixAddress } from '@ropewalk/core'
import type { StringTransport } from '@ropewalk/core/testing'
import { connectTo, UNIX_PEER } from './site-connection.ts'

class Raw extends Protocol {
  override dataReceived(): void {}
}

class Various extends HTTPFactory {
  override process(request: Request): void {
    if (request.path === '/throws') throw new HTTPError(503, 'later')
    if (request.path === '/fails') throw new Error('broken')
    if (request.path === '/up') return void request.upgrade(new Raw(), { protocol: 'raw' })
    if (request.path === '/begins') return void request.write('half')
    if (request.path === '/body') return void request.body.text().catch(() => undefined)
    if (request.path === '/waits') return undefined
    request.reactor.callLater(12, () => request.finish('hello'))
  }
}

interface Observed {
  readonly transport: StringTransport
  readonly finished: FinishedRequest[]
}

/** Sends `text`, and records the requests that have ended. */
function observe(text: string, options: Partial<HTTPChannelOptions> = {}): Observed {
  const finished: FinishedRequest[] = []
  const factory = new Various({ ...options, accessLog: (one) => finished.push(one) })
  const transport = connectTo(factory)
  transport.receive(text)
  transport.reactor.advance(12)
  return { transport, finished }
}

const GET = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`

function linesOf(makeLog: (write: (line: string) => void) => AccessLog, text: string, peer = PEER): string[] {
  const lines: string[] = []
  const transport = connectTo(new Various({ accessLog: makeLog((line) => lines.push(line)) }), peer)
  transport.receive(text)
  transport.reactor.advance(12)
  return lines
}

const PEER: Address = tcpAddress('192.0.2.1', 5)

describe('an access log', () => {
  test('has one entry for each request, at its end', () => {
    const { finished, transport } = observe(GET('/a') + GET('/b') + GET('/throws'))
    transport.reactor.advance(12)
    expect(
      finished.map((one) => [one.request?.path, one.status, one.bytes, one.durationMs, one.outcome]),
    ).toEqual([
      ['/a', 200, 5, 12, 'complete'],
      ['/b', 200, 5, 12, 'complete'],
      ['/throws', 503, expect.any(Number), 0, 'complete'],
    ])
    expect(finished[0]?.startedAtMs).toBe(transport.reactor.wallClock() - 24)
  })

  test('states how a request has ended', async () => {
    const outcomes = ({ finished }: Observed): unknown[] =>
      finished.map(({ status, outcome, reason }) => [status, outcome, reason?.name])
    expect(outcomes(observe(GET('/fails')))).toEqual([[500, 'complete', undefined]])
    expect(outcomes(observe(GET('/up', 'Upgrade: raw\r\nConnection: upgrade\r\n')))).toEqual([
      [101, 'upgraded', undefined],
    ])
    const gone = observe(GET('/waits'))
    gone.transport.receiveReset()
    expect(outcomes(gone)).toEqual([[undefined, 'aborted', 'ConnectionLost']])
    const half = observe(GET('/begins'))
    half.transport.receiveReset()
    expect(outcomes(half)).toEqual([[200, 'aborted', 'ConnectionLost']])
    expect(half.finished[0]?.bytes).toBe(4)
    const late = observe(GET('/waits'), { responseTimeoutMs: 20 })
    late.transport.reactor.advance(1000)
    expect(outcomes(late)).toEqual([[503, 'timed out', 'HTTPError']])
    const slow = observe(GET('/body', 'Content-Length: 5\r\n'), { bodyTimeoutMs: 20 })
    slow.transport.reactor.advance(1000)
    expect(outcomes(slow)).toEqual([[408, 'timed out', 'HTTPError']])
    const big = observe(GET('/body', 'Transfer-Encoding: chunked\r\n') + 'zz\r\n')
    expect(outcomes(big)).toEqual([[400, 'aborted', 'RemoteProtocolError']])
  })

  test('has an entry for input that did not become a request', () => {
    const malformed = observe('GET  / HTTP/1.1\r\n\r\n')
    const [page = ''] = /(?<=\r\n\r\n)[^]*/.exec(malformed.transport.value()) ?? []
    expect(malformed.finished).toMatchObject([
      { request: undefined, status: 400, bytes: page.length, durationMs: 0, outcome: 'aborted' },
    ])
    expect(malformed.finished[0]?.client).toMatchObject({ host: '192.168.1.1' })
    const slow = observe('GET / HT', { headTimeoutMs: 20 })
    slow.transport.reactor.advance(1000)
    expect(slow.finished).toMatchObject([{ request: undefined, status: 408, outcome: 'timed out' }])
    const cut = observe('GET / HT')
    cut.transport.receiveEnd()
    expect(cut.finished).toMatchObject([{ status: 400, outcome: 'aborted' }])
    const silent = observe('')
    silent.transport.receiveEnd()
    expect(silent.finished).toEqual([])
  })

  test('that fails is logged, and harms no request', async () => {
    for (const accessLog of [
      () => {
        throw new Error('disk full')
      },
      async () => Promise.reject(new Error('disk full')),
    ]) {
      const transport = connectTo(new Various({ accessLog }))
      transport.receive(GET('/a') + GET('/a'))
      transport.reactor.advance(12)
      await transport.reactor.settle()
      transport.reactor.advance(12)
      await transport.reactor.settle()
      expect(transport.value().match(/hello/g)?.length).toBe(2)
      expect(transport.reactor.logged).toMatchObject([
        { level: 'error', text: 'An access log failed', error: new Error('disk full') },
        { level: 'error', text: 'An access log failed' },
      ])
    }
  })
})

describe('combinedLog', () => {
  test('writes a line in the combined format, with duration and outcome', () => {
    const fields = 'Referer: http://h/x\r\nUser-Agent: curl/8.5\r\n'
    expect(linesOf(combinedLog, GET('/a?b', fields))).toEqual([
      '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET /a?b HTTP/1.1" 200 5 "http://h/x" "curl/8.5" 0.012 complete\n',
    ])
    expect(linesOf(combinedLog, GET('/a'), UNIX_PEER)[0]).toMatch(/^unix: - - \[.*\] "GET .*" 200 5 "-" "-" /)
    expect(linesOf(combinedLog, '\0')).toEqual([
      expect.stringMatching(/^192\.0\.2\.1 - - \[.*\] "-" 400 \d+ "-" "-" 0\.000 aborted\n$/),
    ])
  })

  test('escapes what a client has sent, so that it stays in its place', () => {
    const agent = 'User-Agent: x" 200 5 "\\\t\xff\x9b1m\r\n'
    const [line = ''] = linesOf(combinedLog, GET('/"%0a', agent))
    expect(line).toContain('"GET /\\x22%0a HTTP/1.1"')
    expect(line).toContain('"x\\x22 200 5 \\x22\\x5c\\x09')
    expect(line).toMatch(/^[\x20-\x7e]*\n$/)
    expect(linesOf(combinedLog, GET('/'), unixAddress('/run/é "☃'))[0]).toMatch(
      /^unix:\/run\/\\xe9 \\x22\\xe2\\x98\\x83 - - /,
    )
  })

  test('writes a dash for the status of a request without a response', () => {
    const lines: string[] = []
    const transport = connectTo(new Various({ accessLog: combinedLog((line) => lines.push(line)) }))
    transport.receive(GET('/waits'))
    transport.receiveReset()
    expect(lines).toEqual([expect.stringContaining('"GET /waits HTTP/1.1" - 0 "-" "-" 0.000 aborted\n')])
  })
})

describe('jsonLog', () => {
  test('writes an object for each request', () => {
    const lines = linesOf(jsonLog, GET('/a?b', 'Referer: r\r\nUser-Agent: \xe9"\r\n'))
    expect(lines[0]).toMatch(/^\{[\x20-\x7e]*\}\n$/)
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        time: '2026-01-01T00:00:00.000Z',
        id: '1-1',
        client: '192.0.2.1',
        method: 'GET',
        uri: '/a?b',
        protocol: 'HTTP/1.1',
        host: 'h',
        status: 200,
        bytes: 5,
        durationMs: 12,
        outcome: 'complete',
        referer: 'r',
        userAgent: expect.stringMatching(/"$/),
      },
    ])
    expect(JSON.parse(linesOf(jsonLog, '\0')[0] ?? '')).toEqual({
      time: '2026-01-01T00:00:00.000Z',
      client: '192.0.2.1',
      status: 400,
      bytes: expect.any(Number),
      durationMs: 0,
      outcome: 'aborted',
      error: expect.stringContaining('Cannot read'),
    })
  })
})
