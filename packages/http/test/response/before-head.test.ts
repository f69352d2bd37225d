import { LocalProtocolError, Protocol } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { Exchange } from '../server/http-exchange.ts'
import { unhandledRejectionsDuring } from '../server/unhandled-rejections.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
class Raw extends Protocol {
  override dataReceived(): void {}
}
const marked =
  (respond: (request: Request) => unknown) =>
  (request: Request): unknown => {
    request.beforeHead(() => request.setHeader('X-Mark', `${request.code}`))
    return respond(request)
  }

/** Every way in which the head of a response is sent. */
const WAYS: Readonly<Record<string, [(request: Request) => unknown, string]>> = {
  'a whole response': [(it) => it.finish('all'), '200'],
  'a response in pieces': [(it) => (it.write('a'), it.finish('b')), '200'],
  'a status without a body': [(it) => (it.setResponseCode(204), it.finish()), '204'],
  'a body that is not sent': [(it) => (it.setResponseCode(304), it.finishWithoutPieces()), '304'],
  'an error that is thrown': [() => Promise.reject(HTTPError.withoutStack(403)), '403'],
  'an error page of the program': [(it) => it.processingFailed(HTTPError.withoutStack(409)), '409'],
  'a refusal of the channel': [(it) => it.refuse(HTTPError.withoutStack(503)), '503'],
  'an upgrade that is refused': [(it) => it.upgrade(new Raw(), { protocol: 'raw' }), '426'],
}

async function responseTo(respond: (request: Request) => unknown): Promise<[string, Exchange]> {
  const exchange = new Exchange(respond)
  await exchange.send(GET)
  return [await exchange.received(), exchange]
}

describe('Request.beforeHead', () => {
  test.each(Object.entries(WAYS))('sets headers of %s', async (_, [respond, code]) => {
    const [response] = await responseTo(marked(respond))
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${code} `))
    expect(response).toContain(`\r\nX-Mark: ${code}\r\n`)
  })

  test('sets headers of the 500 that replaces a response which cannot be sent', async () => {
    const [response, exchange] = await responseTo(
      marked((it) => (it.setHeader('Content-Length', '9'), it.finish('short'))),
    )
    expect(response).toMatch(/^HTTP\/1\.1 500 [^]*\r\nX-Mark: 500\r\n/)
    expect(response.match(/X-Mark/g)).toHaveLength(1)
    expect(exchange.reactor.flushLoggedErrors(LocalProtocolError)).toHaveLength(1)
  })

  test('sets headers of a 101', async () => {
    const exchange = new Exchange(marked((it) => it.upgrade(new Raw(), { protocol: 'raw' })))
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n')
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 101 [^]*\r\nX-Mark: 101\r\n/)
  })

  test('calls the one that was added first last, once for a head', async () => {
    const called: string[] = []
    await responseTo((it) => {
      it.beforeHead(() => called.push('outer'))
      it.beforeHead(() => called.push('inner'))
      it.write('a')
      it.finish('b')
    })
    expect(called).toEqual(['inner', 'outer'])
  })

  test('makes the response a 500 that the others still prepare, when one throws', async () => {
    const [response, exchange] = await responseTo((it) => {
      it.beforeHead(() => it.setHeader('X-Outer', 'set'))
      it.beforeHead(() => {
        throw new Error('Cannot prepare')
      })
      it.finish('secret')
    })
    expect(response).toMatch(/^HTTP\/1\.1 500 [^]*\r\nX-Outer: set\r\n/)
    expect(response).not.toContain('secret')
    expect(exchange.reactor.flushLoggedErrors()).toHaveLength(1)
  })

  test('sends a plain 500 when what it sets cannot be sent', async () => {
    const [response, exchange] = await responseTo((it) => {
      it.beforeHead(() => it.setHeader('Content-Length', '1'))
      it.finish('longer')
    })
    expect(response).toMatch(/^HTTP\/1\.1 500 /)
    expect(exchange.reactor.flushLoggedErrors().length).toBeGreaterThan(0)
  })

  test.each<[string, (request: Request) => unknown]>([
    ['write', (it) => it.write('inner')],
    ['finish', (it) => it.finish('inner')],
    ['finish without pieces', (it) => it.finishWithoutPieces()],
    ['respond with a 304', (it) => it.setETag('v1')],
    ['fail', (it) => it.processingFailed(HTTPError.withoutStack(403))],
    ['refuse', (it) => it.refuse(HTTPError.withoutStack(503))],
  ])('cannot %s: one response is sent, a 500', async (_, respond) => {
    for (const send of [
      (it: Request) => it.finish('outer'),
      (it: Request) => (it.write('outer'), it.finish()),
    ]) {
      const exchange = new Exchange((it) => {
        it.beforeHead(() => respond(it))
        if (it.path === '/first') return send(it)
        it.finish('next')
      })
      await exchange.send('GET /first HTTP/1.1\r\nHost: h\r\nIf-None-Match: "v1"\r\n\r\n')
      const response = await exchange.received()
      expect(response).toMatch(/^HTTP\/1\.1 500 /)
      expect(response.match(/HTTP\/1\.1 /g)).toHaveLength(1)
      expect(response).not.toMatch(/inner|outer/)
      expect(String(exchange.reactor.flushLoggedErrors()[0])).toContain('Cannot write in beforeHead')
    }
  })

  test('logs what its promise rejects with, and ends the connection', async () => {
    const unhandled = await unhandledRejectionsDuring(async () => {
      const [response, exchange] = await responseTo((it) => {
        const prepare = (): unknown => Promise.reject(new Error('Cannot prepare'))
        it.beforeHead(prepare)
        it.finish('body')
      })
      expect(response).toContain('body')
      expect(exchange.closed).toBe(true)
      expect(exchange.reactor.flushLoggedErrors()).toHaveLength(1)
    })
    expect(unhandled).toEqual([])
  })

  test('takes a function, and has no effect after the head', async () => {
    const [response, exchange] = await responseTo((it) => {
      expect(() => it.beforeHead('x' as never)).toThrow(
        'Cannot take prepare "x" for beforeHead: give a function',
      )
      it.write('a')
      it.beforeHead(() => it.setHeader('X-Late', '1'))
      it.finish('b')
    })
    expect(response).not.toContain('X-Late')
    expect(exchange.reactor.logged).toEqual([])
  })
})
