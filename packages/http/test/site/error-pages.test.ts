import { describe, expect, test } from 'vitest'
import { HTTPError, RemoteProtocolError, statusOf } from '../../src/errors.ts'
import type { HTTPChannelOptions } from '../../src/server/channel-options.ts'
import type { Request } from '../../src/server/request.ts'
import type { ErrorBody } from '../../src/site/error-pages.ts'
import { html as markup } from '../../src/site/html.ts'
import { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'
import { connectTo } from '../server/site-connection.ts'
import { unhandledRejectionsDuring } from '../server/unhandled-rejections.ts'

/** Throws what its path names. */
class Failing extends Resource {
  override readonly isLeaf = true
  override render_GET(request: Request): string {
    switch (request.path) {
      case '/detail':
        throw new HTTPError(422, 'The <name> is missing', { headers: [['X-Why', 'name']] })
      case '/fault':
        throw new Error('secret <b>')
      case '/length':
        request.setHeader('Content-Length', '100')
        return 'short'
      case '/begun':
        request.write('half')
        throw new Error('too late')
      case '/text':
        // oxlint-disable-next-line typescript/only-throw-error -- a program may throw anything
        throw 'just text'
      default:
        throw HTTPError.withoutStack(404)
    }
  }
}

interface Response {
  readonly status: number
  readonly head: string
  readonly body: string
  readonly logged: readonly unknown[]
  readonly closed: boolean
}

function ask(site: Site, text: string, advanceMs = 0): Response {
  const transport = connectTo(site)
  transport.receive(text)
  transport.reactor.advance(advanceMs)
  const response = transport.value()
  const split = response.indexOf('\r\n\r\n')
  const [head, body] = [response.slice(0, split + 2), response.slice(split + 4)]
  const logged = transport.reactor.logged.map(({ error }) => error)
  return { status: Number(response.slice(9, 12)), head, body, logged, closed: transport.ended }
}

function siteWith(errorPage?: Site['errorPage'], options: Partial<HTTPChannelOptions> = {}): Site {
  const site = new Site(new Failing(), options)
  if (errorPage !== undefined) site.errorPage = errorPage
  return site
}

const GET = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`
const accepting = (accept: string): string => GET('/detail', `Accept: ${accept}\r\n`)

describe('the error pages of a site', () => {
  test('are HTML, JSON or problem details, as the client prefers', () => {
    for (const [accept, type] of [
      ['text/html,application/xhtml+xml,*/*;q=0.8', 'text/html'],
      ['*/*', 'text/html'],
      ['', 'text/html'],
      ['image/png', 'text/html'],
      ['text/*', 'text/html'],
      ['application/json', 'application/json'],
      ['Application/JSON', 'application/json'],
      ['application/json, text/plain, */*', 'application/json'],
      ['application/json, */*;q=0.5', 'application/json'],
      ['text/html;q=0.5, application/json;q=0.9', 'application/json'],
      ['application/json;q=0.5, text/html', 'text/html'],
      ['application/problem+json', 'application/problem+json'],
      ['application/problem+json, application/json', 'application/problem+json'],
      ['application/*', 'application/problem+json'],
      ['application/*, application/problem+json;q=0', 'application/json'],
      ['application/json;charset=utf-8;q=1', 'text/html'],
      ['application/json;q=2', 'text/html'],
      ['text/html;q=0', 'text/html'],
    ] as const) {
      const { status, head, body } = ask(siteWith(), accepting(accept))
      expect(status).toBe(422)
      expect(head, accept).toContain(`\r\nContent-Type: ${type}`)
      expect(head).toContain('\r\nVary: Accept\r\n')
      expect(head).toContain('\r\nX-Why: name\r\n')
      if (type === 'text/html') expect(body).toContain('<p>The &#60;name&#62; is missing</p>')
      else
        expect(JSON.parse(body)).toEqual({
          title: 'Unprocessable Content',
          status: 422,
          detail: 'The <name> is missing',
        })
    }
    expect(ask(siteWith(), GET('/detail')).head).toContain('text/html')
  })

  test('show nothing of a fault of the program', () => {
    for (const path of ['/fault', '/text', '/length']) {
      for (const accept of ['text/html', 'application/json', 'application/problem+json']) {
        const { status, body, logged } = ask(siteWith(), GET(path, `Accept: ${accept}\r\n`))
        expect(status).toBe(500)
        expect(body).not.toMatch(/secret|just text|Content-Length|at |node:/)
        expect(logged.length).toBe(1)
      }
    }
    expect(JSON.parse(ask(siteWith(), GET('/fault', 'Accept: application/json\r\n')).body)).toEqual({
      title: 'Internal Server Error',
      status: 500,
    })
  })

  test('have a body only where the method has one', () => {
    const { head, body } = ask(siteWith(), GET('/x').replace('GET', 'HEAD'))
    expect(head).toMatch(/^HTTP\/1\.1 404 [^]*\r\nContent-Length: [1-9]/)
    expect(body).toBe('')
  })

  test('are the same for a 404 at each time, and for what is no request', () => {
    const site = siteWith()
    const [first, second] = [ask(site, GET('/x')), ask(site, GET('/y'))]
    expect(first.body).toBe(second.body)
    expect(first.body).toContain('<h1>404 Not Found</h1>')
    const early = ask(site, 'bad\r\n\r\n')
    expect(early.status).toBe(400)
    expect(early.body).toContain('<h1>400 Bad Request</h1>')
    expect(early.closed).toBe(true)
  })
})

describe('errorPage', () => {
  test('sees thrown errors, refusals of requests, and input that is no request', () => {
    const seen: [unknown, string | undefined, number][] = []
    const options = { headTimeoutMs: 20, responseTimeoutMs: 20, maxRequestLineBytes: 100, maxHeadBytes: 200 }
    const site = siteWith((error, request) => {
      seen.push([error.name, request?.path, statusOf(error)])
      return { status: statusOf(error) }
    }, options)
    class Reading extends Resource {
      override async render_POST(request: Request): Promise<string> {
        return request.body.text()
      }
    }
    const reading = new Site(new Reading(), options)
    reading.errorPage = (error, request) => site.errorPage?.(error, request)
    const POST = 'POST / HTTP/1.1\r\nHost: h\r\n'
    const responses = [
      ask(site, GET('/x')),
      ask(site, GET('/fault')),
      ask(site, GET('/length')),
      ask(site, GET('/%ff')),
      ask(site, 'bad\r\n\r\n'),
      ask(site, 'GET / HT', 1000),
      ask(site, GET(`/${'x'.repeat(200)}`)),
      ask(site, GET('/', `X: ${'x'.repeat(300)}\r\n`)),
      ask(reading, `${POST}Content-Length: 99999999\r\n\r\n`),
      ask(reading, `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`),
    ]
    expect(responses.map(({ status, body }) => [status, JSON.parse(body)])).toEqual(
      seen.map(([, , status]) => [status, { status }]),
    )
    expect(seen).toEqual([
      ['HTTPError', '/x', 404],
      ['Error', '/fault', 500],
      ['LocalProtocolError', '/length', 500],
      ['HTTPError', '/%ff', 400],
      ['RemoteProtocolError', undefined, 400],
      ['HTTPError', undefined, 408],
      ['RemoteProtocolError', undefined, 414],
      ['RemoteProtocolError', undefined, 431],
      ['RemoteProtocolError', '/', 413],
      ['RemoteProtocolError', '/', 400],
    ])
    for (const { head } of responses) expect(head).toContain('\r\nContent-Type: application/json\r\n')
  })

  test('may return text, bytes, JSON, or undefined for the usual page', () => {
    for (const [page, type, text] of [
      ['<p>x</p>', 'text/html; charset=utf-8', '<p>x</p>'],
      [Buffer.from('x'), 'application/octet-stream', 'x'],
      [{ a: 1 }, 'application/json', '{"a":1}'],
      ['', undefined, ''],
      [undefined, 'text/html; charset=utf-8', undefined],
    ] as const) {
      for (const request of [GET('/x'), 'bad\r\n\r\n']) {
        const { head, body } = ask(
          siteWith(() => page),
          request,
        )
        if (type === undefined) expect(head).not.toContain('Content-Type')
        else expect(head).toContain(`\r\nContent-Type: ${type}\r\n`)
        expect(head).toContain(`\r\nContent-Length: ${body.length}\r\n`)
        if (text === undefined) expect(body).toMatch(/<h1>40[04] /)
        else expect(body).toBe(text)
      }
    }
  })

  test('may set headers and another status, and is given an Error for anything thrown', () => {
    const site = siteWith((error, request) => {
      request?.setHeader('Content-Type', 'text/plain')
      request?.setResponseCode(418)
      return error.message
    })
    const { status, head, body } = ask(site, GET('/text'))
    expect([status, body]).toEqual([418, 'just text'])
    expect(head).toContain('\r\nContent-Type: text/plain\r\n')
    expect(head.match(/Content-Type/g)?.length).toBe(1)
  })

  test('may be html of a template', () => {
    const { status, head, body } = ask(
      siteWith((error) => markup`<p>${error.message}</p>`),
      GET('/detail'),
    )
    expect([status, body]).toEqual([422, '<p>The &#60;name&#62; is missing</p>'])
    expect(head).toContain('\r\nContent-Type: text/html; charset=utf-8\r\n')
  })

  test('may be a method of a subclass', () => {
    class Own extends Site {
      override errorPage(error: Error): ErrorBody {
        return `own ${error.message}`
      }
    }
    expect(ask(new Own(new Failing()), GET('/x')).body).toBe('own Not Found')
  })

  test('that fails, or returns what cannot be sent at once, is logged, and the plain page is sent', () => {
    for (const [page, why] of [
      [() => Promise.resolve('x'), 'Cannot send what errorPage returned (a Promise)'],
      [() => null, 'Cannot send what errorPage returned (null)'],
      [
        () => {
          throw new Error('broken page')
        },
        'broken page',
      ],
    ] as const) {
      for (const request of [GET('/x'), 'bad\r\n\r\n']) {
        const { status, body, logged } = ask(siteWith(page as never), request)
        expect([400, 404]).toContain(status)
        expect(body).toContain('<h1>40')
        expect(logged.map(String)).toEqual([expect.stringContaining(why)])
      }
    }
  })

  test('that writes the response itself is logged; half a response aborts the connection', () => {
    const finished = ask(
      siteWith((_error, request) => {
        request?.finish('done')
        return undefined
      }),
      GET('/x'),
    )
    expect(finished.body).toMatch(/^done/)
    expect(String(finished.logged[0])).toContain('errorPage has written a response, return the page instead')
    const transport = connectTo(
      siteWith((_error, request) => {
        request?.write('half')
        return undefined
      }),
    )
    transport.receive(GET('/x'))
    expect(transport.connected).toBe(false)
    expect(String(transport.reactor.logged[0]?.error)).toContain('errorPage has written')
  })

  test('cannot fail the request again', () => {
    let calls = 0
    const { status, logged } = ask(
      siteWith((error, request) => {
        calls++
        request?.processingFailed(error)
        return 'page'
      }),
      GET('/x'),
    )
    expect([status, calls]).toEqual([404, 1])
    expect(String(logged[0])).toContain('errorPage has written a response, return the page instead')
  })

  test('comes before what beforeHead sets, which may be another type', () => {
    class Preparing extends Resource {
      override render_GET(request: Request): never {
        request.beforeHead(() => {
          request.setHeader('X-Code', String(request.code))
          request.setHeader('Content-Type', 'text/plain')
        })
        throw new HTTPError(409)
      }
    }
    const site = new Site(new Preparing())
    site.errorPage = (_error, request) => {
      request?.setResponseCode(410)
      return { gone: true }
    }
    const { head, body } = ask(site, GET('/'))
    expect(head).toContain('\r\nX-Code: 410\r\nContent-Type: text/plain\r\n')
    expect(head.match(/Content-Type/g)?.length).toBe(1)
    expect(body).toBe('{"gone":true}')
  })

  test('that cannot be sent is replaced by the plain page of a 500', () => {
    const site = siteWith((_error, request) => {
      request?.setHeader('Content-Length', '7')
      return 'page'
    })
    const { status, body, logged } = ask(site, GET('/x'))
    expect([status, body.includes('<h1>500 ')]).toEqual([500, true])
    expect(logged.map(String)).toEqual([expect.stringContaining('under Content-Length 7')])
    const transport = connectTo(
      siteWith((error, request) => {
        if (error.name === 'LocalProtocolError') request?.write('half')
        else request?.setHeader('Content-Length', '7')
        return 'page'
      }),
    )
    transport.receive(GET('/x'))
    expect(transport.connected).toBe(false)
  })

  test('is not asked once the response has begun', () => {
    let asked = 0
    const transport = connectTo(siteWith(() => void asked++))
    transport.receive(GET('/begun'))
    expect([asked, transport.connected]).toEqual([0, false])
  })

  test('sees the error of a header that cannot be sent', () => {
    class Bad extends Resource {
      override render_GET(): never {
        throw new HTTPError(401, 'x', { headers: [['X', 'a\r\nb']] })
      }
    }
    const site = new Site(new Bad())
    site.errorPage = (error) => `${statusOf(error)} ${error.name}`
    const { status, body } = ask(site, GET('/'))
    expect([status, body]).toEqual([500, '500 TypeError'])
  })
})

describe('displayTracebacks', () => {
  const shown = (path: string, fields = ''): Response =>
    ask(new Site(new Failing(), { displayTracebacks: true }), GET(path, fields))

  test('shows a fault with its stack and the request, escaped', () => {
    const { status, head, body } = shown(
      '/fault',
      'X-Evil: <script>\r\nCookie: secret=1\r\nAuthorization: x\r\n',
    )
    expect(status).toBe(500)
    expect(head).toContain("\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n")
    expect(head).toContain('\r\nCache-Control: no-store\r\n')
    expect(body).toContain('<h2>Error: secret &#60;b&#62;</h2>')
    expect(body).toMatch(/<li>at Failing\.render_GET \(/)
    expect(body).toContain('<h2>GET /fault HTTP/1.1</h2>')
    expect(body).toContain('<th>X-Evil</th><td>&#60;script&#62;</td>')
    expect(body).toContain('<th>Cookie</th><td>(left out)</td>')
    expect(body).toContain('<th>Authorization</th><td>(left out)</td>')
    expect(body).not.toMatch(/<script|<b>/)
  })

  test('adds the stack to JSON, and leaves other errors as they are', () => {
    const problem = JSON.parse(shown('/fault', 'Accept: application/problem+json\r\n').body)
    expect(problem).toMatchObject({ title: 'Internal Server Error', status: 500, detail: 'secret <b>' })
    expect(problem.stack[0]).toBe('Error: secret <b>')
    expect(shown('/x').body).toBe(ask(siteWith(), GET('/x')).body)
    expect(shown('/text').body).toContain('<h2>just text</h2>')
  })

  test('shows causes, also in a cycle, and can be turned on and off', () => {
    class Chained extends Resource {
      override render_GET(): never {
        const first = new Error('first')
        const second = new HTTPError(503, 'second', { cause: first })
        first.cause = second
        throw second
      }
    }
    const site = new Site(new Chained())
    expect(ask(site, GET('/')).body).not.toContain('Caused by')
    site.displayTracebacks = true
    const { status, body } = ask(site, GET('/'))
    expect(status).toBe(503)
    expect(body.match(/Caused by: /g)?.length).toBe(9)
    expect(() => new Site(new Chained(), { displayTracebacks: 'yes' as never })).toThrow('give true or false')
    expect(() => new Site(new Chained(), { displayTraceback: true } as never)).toThrow(
      'did you mean displayTracebacks?',
    )
  })

  test('shows no input that is no request, which is no fault of the program', () => {
    const site = new Site(new Failing(), { displayTracebacks: true })
    expect(ask(site, 'bad\r\n\r\n').body).toBe(ask(siteWith(), 'bad\r\n\r\n').body)
    expect(statusOf(new RemoteProtocolError('truncated', 'x'))).toBe(400)
  })

  test('a promise of errorPage that rejects does not end the process', async () => {
    const unhandled = await unhandledRejectionsDuring(async () => {
      for (const sent of ['GET / HTTP/1.1\r\nHost: h\r\n\r\n', 'GET\r\n\r\n']) {
        const site = new Site(new Resource())
        site.errorPage = (() => Promise.reject(new Error('Cannot make a page'))) as never
        const transport = connectTo(site)
        transport.receive(sent)
        await transport.reactor.settle()
        expect(transport.value()).toMatch(/^HTTP\/1\.1 40[04] /)
        expect(transport.reactor.flushLoggedErrors(TypeError)).toHaveLength(1)
      }
    })
    expect(unhandled).toEqual([])
  })
})
