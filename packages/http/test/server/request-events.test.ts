import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import { HTTPFactory } from '../../src/server/http-factory.ts'
import { Request } from '../../src/server/request.ts'
import type { RequestDiagnosticEvents } from '../../src/server/request-events.ts'
import { connectTo } from './site-connection.ts'

class Various extends HTTPFactory {
  readonly requests: Request[] = []
  override process(request: Request): void {
    this.requests.push(request)
    if (request.path === '/fails') throw new Error('broken')
    if (request.path === '/refuses') throw new HTTPError(403)
    request.finish('hello')
  }
}

/** Records the messages of a channel until the test ends. */
function record<N extends keyof RequestDiagnosticEvents>(name: N): RequestDiagnosticEvents[N][] {
  const messages: RequestDiagnosticEvents[N][] = []
  const listener = (message: unknown): void => void messages.push(message as RequestDiagnosticEvents[N])
  subscribe(name, listener)
  onTestFinished(() => void unsubscribe(name, listener))
  return messages
}

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`

describe('the channels of requests', () => {
  test('publish the start and the end of each request', () => {
    const started = record('ropewalk.request.start')
    const finished = record('ropewalk.request.finish')
    const factory = new Various()
    connectTo(factory).receive(GET('/a') + GET('/refuses') + 'bad\r\n\r\n')
    expect(started.map(({ request }) => request)).toEqual(factory.requests)
    expect(finished.map(({ request, status, outcome }) => [request?.path, status, outcome])).toEqual([
      ['/a', 200, 'complete'],
      ['/refuses', 403, 'complete'],
      [undefined, 400, 'aborted'],
    ])
  })

  test('publish failures of the program and refusals of the server, but no HTTPError', () => {
    const failed = record('ropewalk.request.error')
    const transport = connectTo(new Various())
    transport.receive(GET('/fails') + GET('/refuses') + 'bad\r\n\r\n')
    expect(failed).toEqual([
      { transport, request: expect.objectContaining({ path: '/fails' }), error: new Error('broken') },
      { transport, request: undefined, error: expect.objectContaining({ name: 'RemoteProtocolError' }) },
    ])
  })

  test('do not publish the end of a request that began before the subscription', () => {
    const started = record('ropewalk.request.start')
    class Slow extends HTTPFactory {
      override process(request: Request): void {
        request.reactor.callLater(5, () => request.finish(''))
      }
    }
    const transport = connectTo(new Slow())
    transport.receive(GET('/'))
    const finished = record('ropewalk.request.finish')
    transport.reactor.advance(5)
    expect([started.length, finished.length]).toEqual([1, 0])
  })

  test('cost nothing without a subscriber', () => {
    const watched = vi.spyOn(Request.prototype, 'whenEnded')
    onTestFinished(() => watched.mockRestore())
    connectTo(new Various()).receive(GET('/a'))
    expect(watched).not.toHaveBeenCalled()
    record('ropewalk.request.finish')
    connectTo(new Various()).receive(GET('/a'))
    expect(watched).toHaveBeenCalledTimes(1)
  })
})
