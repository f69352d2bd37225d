import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import { logFailure, logLateResponse, logMistake } from '../../src/server/request-log.ts'
import { Exchange } from './http-exchange.ts'

async function received(path: string): Promise<Exchange> {
  const exchange = new Exchange(() => undefined)
  await exchange.send(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
  return exchange
}

describe('logFailure', () => {
  test('logs an error of the program, with the connection and the start of the path', async () => {
    const { channel, requests, reactor, transport } = await received(`/${'long'.repeat(30)}`)
    const error = new Error('broken')
    logFailure(channel, requests[0]!, error)
    expect(reactor.logged).toMatchObject([
      {
        level: 'error',
        namespace: 'ropewalk.http',
        text: 'A request failed: {method} {path}',
        connection: { id: transport.id, protocol: 'HTTPChannel' },
        fields: { method: 'GET', path: `/${'long'.repeat(30)}`.slice(0, 80) },
        error,
      },
    ])
  })

  test('logs an error status only after the head, and nothing for an aborted request', async () => {
    const { channel, requests, reactor, transport } = await received('/a')
    const [request] = requests
    logFailure(channel, request!, new HTTPError(404))
    expect(reactor.logged).toEqual([])
    request!.write('begun')
    logFailure(channel, request!, new HTTPError(404))
    expect(reactor.logged).toMatchObject([{ level: 'warn' }])
    transport.receiveReset()
    logFailure(channel, request!, new Error('late'))
    expect(reactor.logged.length).toBe(1)
  })
})

describe('logMistake', () => {
  test('states what the client receives', async () => {
    const { channel, requests, reactor } = await received('/a')
    const request = { method: 'GET', path: '/a', version: '1.1', persistent: true } as const
    for (const effect of ['incomplete', 'replaced', 'aborted'] as const)
      logMistake(channel, request, { error: new Error('wrong'), effect })
    expect(reactor.logged.map(({ level, text }) => [level, text])).toEqual([
      ['warn', 'A response was sent without a part: {method} {path}'],
      ['error', 'A response cannot be sent as written, the client gets a 500: {method} {path}'],
      ['error', 'A response cannot be sent as written, the connection is aborted: {method} {path}'],
    ])
    expect(requests.length).toBe(1)
  })
})

describe('logLateResponse', () => {
  test('names the request and its deadline', async () => {
    const { channel, requests, reactor } = await received('/slow')
    logLateResponse(channel, requests[0]!, 500)
    expect(reactor.logged).toMatchObject([
      { level: 'error', fields: { method: 'GET', path: '/slow', timeoutMs: 500 } },
    ])
  })
})
