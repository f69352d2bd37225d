import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { Resource } from '../../src/site/resource.ts'
import { ask, request } from './site-exchange.ts'

class Page extends Resource {
  override render_GET(): string {
    return 'page'
  }
  override async render_POST(it: Request): Promise<string> {
    return `got ${await it.body.text()}`
  }
}

describe('Resource', () => {
  test('statement 119: a child with a slash in its name is refused at once', () => {
    expect(() => new Resource().putChild('a/b', new Page())).toThrow('nest resources')
  })

  test('answers by method, HEAD by GET without its body', async () => {
    const page = new Page()
    const type = 'Content-Type: text/html; charset=utf-8\r\n'
    expect((await ask(page, request('GET', '/'))).answer).toBe(
      `HTTP/1.1 200 OK\r\n${type}Content-Length: 4\r\n\r\npage`,
    )
    expect((await ask(page, request('HEAD', '/'))).answer).toBe(
      `HTTP/1.1 200 OK\r\n${type}Content-Length: 4\r\n\r\n`,
    )
    const post = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc'
    expect((await ask(page, post)).answer).toContain('\r\n\r\ngot abc')
  })

  test('rows 25, 26, 28: 405 with Allow for known methods, 501 for others, OPTIONS lists', async () => {
    const page = new Page()
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE']) {
      const { answer } = await ask(page, request(method, '/'))
      expect(answer).toMatch(/^HTTP\/1\.1 405 /)
      expect(answer).toContain('\r\nAllow: GET, POST, HEAD, OPTIONS\r\n')
    }
    for (const method of ['FROB', 'get', '__proto__']) {
      expect((await ask(page, request(method, '/'))).answer).toMatch(/^HTTP\/1\.1 501 /)
    }
    const options = (await ask(page, request('OPTIONS', '/'))).answer
    expect(options).toBe('HTTP/1.1 204 No Content\r\nAllow: GET, POST, HEAD, OPTIONS\r\n\r\n')
  })

  test('a method of one’s own is a method', async () => {
    class Frob extends Resource {
      render_FROB(): string {
        return 'frobbed'
      }
    }
    expect((await ask(new Frob(), request('FROB', '/'))).answer).toContain('\r\n\r\nfrobbed')
  })

  test('may throw the status it wants to answer, with headers', async () => {
    class Guarded extends Resource {
      override render_GET(): never {
        throw new HTTPError(401, 'Who <are> you?', { headers: [['WWW-Authenticate', 'Basic']] })
      }
    }
    const { answer, reactor } = await ask(new Guarded(), request('GET', '/'))
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n/)
    expect(answer).toContain('<p>Who &#60;are&#62; you?</p>')
    expect(reactor.logged).toEqual([])
  })

  test('a child put again takes the place of the first, also under a name of Object.prototype', async () => {
    const root = new Resource()
    root.putChild('__proto__', new Resource())
    root.putChild('__proto__', new Page())
    expect((await ask(root, request('GET', '/__proto__'))).answer).toContain('\r\n\r\npage')
    expect((await ask(root, request('GET', '/constructor'))).answer).toMatch(/^HTTP\/1\.1 404 /)
  })

  test('answers HEAD and OPTIONS by methods of their own where there are some', async () => {
    class Own extends Page {
      override render_HEAD(it: Request): string {
        it.setHeader('X', 'head')
        return ''
      }
      override render_OPTIONS(): string {
        return 'options'
      }
    }
    const own = new Own()
    expect((await ask(own, request('HEAD', '/'))).answer).toBe(
      'HTTP/1.1 200 OK\r\nX: head\r\nContent-Length: 0\r\n\r\n',
    )
    expect((await ask(own, request('OPTIONS', '/'))).answer).toContain('\r\n\r\noptions')
    expect(own.allowedMethods()).toEqual(['GET', 'HEAD', 'POST', 'OPTIONS'])
  })

  test('answers 405 to everything but OPTIONS while it has no method', async () => {
    const bare = new Resource()
    for (const method of ['GET', 'HEAD', 'POST'])
      expect((await ask(bare, request(method, '/'))).answer, method).toMatch(
        /^HTTP\/1\.1 405 Method Not Allowed\r\nAllow: OPTIONS\r\n/,
      )
  })
})
