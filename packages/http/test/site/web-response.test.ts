import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { Resource } from '../../src/site/resource.ts'
import type { RenderResult } from '../../src/site/render-result.ts'
import { ask, requestText } from './site-exchange.ts'

type Asked = Awaited<ReturnType<typeof ask>>

function responding(make: () => RenderResult, method = 'GET'): Promise<Asked> {
  class Page extends Resource {
    override render_GET(): RenderResult {
      return make()
    }
  }
  return ask(new Page(), requestText(method, '/'))
}

/** A Response as `fetch` returns it. */
function fetched(body: string, headers: Record<string, string>): Response {
  return Object.defineProperty(new Response(body, { headers }), 'url', { value: 'http://backend/' })
}

describe('a Response of the web', () => {
  test('is sent with its status, headers and body', async () => {
    const { response } = await responding(() => {
      const headers = new Headers([
        ['X', 'y'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ])
      return new Response('{}', { status: 201, statusText: 'Made', headers })
    })
    expect(response).toMatch(/^HTTP\/1\.1 201 Made\r\n/)
    expect(response).toContain('\r\nx: y\r\n')
    expect(response).toContain('\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n')
    expect(response).toContain('content-type: text/plain;charset=UTF-8\r\n')
    expect(response).toContain('Content-Length: 2\r\n\r\n{}')
  })

  test('may have no body, and may come later', async () => {
    const gone = await responding(async () => new Response(null, { status: 204 }))
    expect(gone.response).toBe('HTTP/1.1 204 No Content\r\n\r\n')
    const moved = await responding(() => Response.redirect('http://h/x', 303))
    expect(moved.response).toMatch(/^HTTP\/1\.1 303 See Other\r\nlocation: http:\/\/h\/x\r\n/)
    const json = await responding(() => Response.json({ a: 1 }))
    expect(json.response).toContain('content-type: application/json\r\n')
  })

  test('is cancelled when its body cannot be sent', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) })
    const { response } = await responding(() => new Response(body, { status: 203 }), 'HEAD')
    expect(response).toMatch(/^HTTP\/1\.1 203 [^]*\r\n\r\n$/)
    expect(cancelled).toBe(true)
  })

  test('is logged and cancelled when the method has finished the response before', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) })
    class Page extends Resource {
      override render_GET(request: Request): RenderResult {
        request.finish('finished')
        return new Response(body)
      }
    }
    const { response, reactor } = await ask(new Page(), requestText('GET', '/'))
    expect(response).toMatch(/\r\n\r\nfinished$/)
    expect(String(reactor.logged[0]?.error)).toContain('Cannot send the Response that render returned')
    expect(cancelled).toBe(true)
  })

  test('is cancelled when the client has left before', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) })
    let resolve: (response: Response) => void = () => undefined
    const { reactor, transport } = await responding(() => new Promise((resolving) => (resolve = resolving)))
    transport.receiveReset()
    resolve(new Response(body))
    await reactor.settle()
    expect(cancelled).toBe(true)
    expect(reactor.logged).toEqual([])
  })

  test('of fetch loses the headers about what was received', async () => {
    const { response } = await responding(() =>
      fetched('plain', {
        'Content-Encoding': 'gzip',
        'Content-Length': '999',
        Connection: 'keep-alive, X-Hop',
        'X-Hop': '1',
        'X-Kept': '2',
      }),
    )
    expect(response).not.toMatch(/gzip|999|x-hop/i)
    expect(response).toContain('x-kept: 2\r\n')
    expect(response).toContain('Content-Length: 5\r\n\r\nplain')
  })

  test('adds Set-Cookie and Vary to what is set already', async () => {
    class Page extends Resource {
      override render_GET(request: Request): RenderResult {
        request.addCookie('a', '1')
        request.setHeader('Vary', 'Accept')
        return new Response(null, { headers: { 'Set-Cookie': 'b=2', Vary: 'Cookie' } })
      }
    }
    const { response } = await ask(new Page(), requestText('GET', '/'))
    expect(response).toMatch(/^Set-Cookie: a=1\r\n[^]*^set-cookie: b=2\r\n/m)
    expect(response).toMatch(/^Vary: Accept\r\n[^]*^vary: Cookie\r\n/m)
  })

  test('may be of a class of its own', async () => {
    class Own {
      readonly status = 202
      readonly statusText = ''
      readonly headers = new Headers({ 'X-Own': 'yes' })
      readonly body = new Response('own').body
      readonly bodyUsed = false
    }
    const { response } = await responding(() => new Own())
    expect(response).toMatch(/^HTTP\/1\.1 202 /)
    expect(response).toContain('x-own: yes\r\nContent-Length: 3\r\n\r\nown')
  })

  test('is a 500 when its body was read, and when it is an error', async () => {
    const read = new Response('x')
    await read.text()
    const locked = new Response('x')
    locked.body?.getReader()
    for (const [wrong, why] of [
      [read, 'body is read elsewhere'],
      [locked, 'body is read elsewhere'],
      [Response.error(), 'Cannot send Response.error()'],
    ] as const) {
      const { response, reactor } = await responding(() => wrong)
      expect(response).toMatch(/^HTTP\/1\.1 500 /)
      expect(String(reactor.logged[0]?.error)).toContain(why)
    }
  })
})
