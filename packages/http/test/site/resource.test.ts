import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { notFound } from '../../src/site/pages.ts'
import { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'
import { Exchange } from '../server/http-exchange.ts'
import { ask, requestText } from './site-exchange.ts'

class Page extends Resource {
  override render_GET(): string {
    return 'page'
  }
  override async render_POST(it: Request): Promise<string> {
    return `got ${await it.body.text()}`
  }
}

function responding(text: string): Resource {
  const resource = new Resource()
  resource.route('GET /', () => text)
  return resource
}

describe('Resource', () => {
  test('refuses a child with a slash in its segment', () => {
    expect(() => new Resource().putChild('a/b', new Page())).toThrow('nest resources')
  })

  test.each([':room', '*path'])('refuses a child at %s, which is the pattern of a route', (segment) => {
    expect(() => new Resource().putChild(segment, new Page())).toThrow(
      `Cannot put a child at "${segment}": a child has one fixed name, use route or getChild for any name`,
    )
  })

  test('refuses a class, which cannot be called for a resource', () => {
    class Chat {
      textMessageReceived(): void {}
    }
    expect(() => new Resource().putChild('chat', Chat as never)).toThrow(
      'Cannot put a child at "chat": give a Resource, the class Chat is not one',
    )
  })

  test('refuses a child of a leaf, which no request would reach', async () => {
    class Leaf extends Page {
      override readonly isLeaf = true
    }
    const leaf = new Leaf()
    expect(() => leaf.putChild('a', new Page())).toThrow(
      'Cannot put a child at "a": Leaf is a leaf, which responds for all paths below it: add to the resource that it wraps, or to a Resource that returns it from getChild',
    )
    expect(leaf.listNames()).toEqual([])
    const root = new (class extends Resource {
      override getChild(): Resource {
        return leaf
      }
    })()
    root.putChild('a', responding('a'))
    const bodies = ['/a', '/b/c'].map(async (path) => (await ask(root, requestText('GET', path))).response)
    expect((await Promise.all(bodies)).map((text) => text.split('\r\n\r\n')[1])).toEqual(['a', 'page'])
  })

  test('responds by method, and to HEAD as to GET without the body', async () => {
    const page = new Page()
    const type = 'Content-Type: text/html; charset=utf-8\r\n'
    expect((await ask(page, requestText('GET', '/'))).response).toBe(
      `HTTP/1.1 200 OK\r\n${type}Content-Length: 4\r\n\r\npage`,
    )
    expect((await ask(page, requestText('HEAD', '/'))).response).toBe(
      `HTTP/1.1 200 OK\r\n${type}Content-Length: 4\r\n\r\n`,
    )
    const post = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc'
    expect((await ask(page, post)).response).toContain('\r\n\r\ngot abc')
  })

  test('responds 405 with Allow to known methods, 501 to others, and lists the methods for OPTIONS', async () => {
    const page = new Page()
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE']) {
      const { response } = await ask(page, requestText(method, '/'))
      expect(response).toMatch(/^HTTP\/1\.1 405 /)
      expect(response).toContain('\r\nAllow: GET, POST, HEAD, OPTIONS\r\n')
    }
    for (const method of ['FROB', 'get', '__proto__']) {
      expect((await ask(page, requestText(method, '/'))).response).toMatch(/^HTTP\/1\.1 501 /)
    }
    const options = (await ask(page, requestText('OPTIONS', '/'))).response
    expect(options).toBe('HTTP/1.1 204 No Content\r\nAllow: GET, POST, HEAD, OPTIONS\r\n\r\n')
  })

  test('supports any other method in capitals', async () => {
    class Frob extends Resource {
      render_FROB(): string {
        return 'frobbed'
      }
    }
    expect((await ask(new Frob(), requestText('FROB', '/'))).response).toContain('\r\n\r\nfrobbed')
  })

  test('sends the status and headers of a thrown HTTPError', async () => {
    class Guarded extends Resource {
      override render_GET(): never {
        throw new HTTPError(401, 'Who <are> you?', { headers: [['WWW-Authenticate', 'Basic']] })
      }
    }
    const { response, reactor } = await ask(new Guarded(), requestText('GET', '/'))
    expect(response).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n/)
    expect(response).toContain('<p>Who &#60;are&#62; you?</p>')
    expect(reactor.logged).toEqual([])
  })

  test('replaces a child under the same segment, also under a name of Object.prototype', async () => {
    const root = new Resource()
    root.putChild('__proto__', new Resource())
    root.putChild('__proto__', new Page())
    expect((await ask(root, requestText('GET', '/__proto__'))).response).toContain('\r\n\r\npage')
    expect((await ask(root, requestText('GET', '/constructor'))).response).toMatch(/^HTTP\/1\.1 404 /)
  })

  test('responds to HEAD and OPTIONS by their own methods, if there are any', async () => {
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
    expect((await ask(own, requestText('HEAD', '/'))).response).toBe(
      'HTTP/1.1 200 OK\r\nX: head\r\nContent-Length: 0\r\n\r\n',
    )
    expect((await ask(own, requestText('OPTIONS', '/'))).response).toContain('\r\n\r\noptions')
    expect(own.allowedMethods()).toEqual(['GET', 'HEAD', 'POST', 'OPTIONS'])
  })

  test('responds 404 without any method, with children or without', async () => {
    const parent = new Resource()
    parent.putChild('page', new Page())
    for (const bare of [new Resource(), parent])
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
        expect((await ask(bare, requestText(method, '/'))).response, method).toMatch(
          /^HTTP\/1\.1 404 Not Found\r\n/,
        )
    expect((await ask(parent, requestText('GET', '/page'))).response).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('lists other methods in Allow, also those of a superclass and of the object', async () => {
    class Cache extends Page {
      render_PURGE(): string {
        return 'purged'
      }
    }
    const cache = new (class extends Cache {
      readonly render_page = (): string => 'not a method'
      'render_M-SEARCH' = (): string => 'found'
      render_BREW = 'no function'
    })()
    expect(cache.allowedMethods()).toEqual(['GET', 'POST', 'HEAD', 'OPTIONS', 'M-SEARCH', 'PURGE'])
    const { response } = await ask(cache, requestText('DELETE', '/'))
    expect(response).toMatch(/^HTTP\/1\.1 405 [^]*\r\nAllow: GET, POST, HEAD, OPTIONS, M-SEARCH, PURGE\r\n/)
    expect((await ask(cache, requestText('PURGE', '/'))).response).toContain('\r\n\r\npurged')
    expect((await ask(cache, requestText('M-SEARCH', '/'))).response).toContain('\r\n\r\nfound')
    for (const method of ['page', 'Purge', 'BREW', 'FROB'])
      expect((await ask(cache, requestText(method, '/'))).response, method).toMatch(/^HTTP\/1\.1 501 /)
  })

  test('calls only render_ with a method in capitals', async () => {
    const called: string[] = []
    class Helpful extends Page {
      render_page(): string {
        called.push('page')
        return 'x'
      }
      render_(): string {
        called.push('')
        return 'x'
      }
      render___proto__(): string {
        called.push('__proto__')
        return 'x'
      }
      render_1(): string {
        called.push('1')
        return 'x'
      }
    }
    for (const method of ['page', 'PAGE', '__proto__', '1', 'get', 'Get'])
      expect((await ask(new Helpful(), requestText(method, '/'))).response, method).toMatch(
        /^HTTP\/1\.1 501 /,
      )
    expect(called).toEqual([])
  })

  test('refuses a child that is not a Resource', () => {
    for (const wrong of [{}, undefined, null, Page, 'page', Promise.resolve(new Page())])
      expect(() => new Resource().putChild('x', wrong as Resource)).toThrow(
        'Cannot put a child at "x": give a Resource',
      )
    expect(() => new Resource().putChild(5 as unknown as string, new Page())).toThrow('a segment is a string')
  })

  test('calls a function that was put as a child, for each request', async () => {
    const root = new Resource()
    let made = 0
    root.putChild('now', (it) => {
      made++
      return it.getHeader('x') === undefined ? new Page() : undefined
    })
    root.putChild('later', async () => new Page())
    root.putChild('wrong', () => 'text' as unknown as Resource)
    for (const path of ['/now', '/now', '/now/', '/later'])
      expect((await ask(root, requestText('GET', path))).response).toContain('\r\n\r\npage')
    expect(made).toBe(3)
    const absent = await ask(root, 'GET /now HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n')
    expect(absent.response).toMatch(/^HTTP\/1\.1 404 /)
    expect((await ask(root, requestText('GET', '/wrong'))).response).toMatch(/^HTTP\/1\.1 500 /)
  })

  test('removes and lists its children', async () => {
    const root = new Resource()
    root.putChild('a', new Page())
    root.putChild('', new Page())
    root.putChild('b', () => new Page())
    expect(root.listNames()).toEqual(['a', '', 'b'])
    expect(root.delEntity('a')).toBe(true)
    expect(root.delEntity('a')).toBe(false)
    expect(root.listNames()).toEqual(['', 'b'])
    expect((await ask(root, requestText('GET', '/a'))).response).toMatch(/^HTTP\/1\.1 404 /)
  })

  test('refuses a method in small letters, where it is put and where it is asked for', async () => {
    class Misspelt extends Resource {
      render_get(): string {
        return 'never'
      }
    }
    const message = 'Misspelt has render_get, which no request calls, write render_GET'
    expect(() => new Resource().putChild('x', new Misspelt())).toThrow(
      `Cannot put a child at "x": ${message}`,
    )
    expect(() => new Site(new Misspelt())).toThrow(`Cannot make a Site: ${message}`)
    const root = new Resource()
    root.putChild('x', () => new Misspelt())
    const { response, reactor } = await ask(root, requestText('GET', '/x'))
    expect(response).toMatch(/^HTTP\/1\.1 500 /)
    expect(String(reactor.logged[0]?.error)).toContain(message)
    for (const name of ['render_Post', 'render_oPTIONS']) {
      const wrong = Object.assign(new Page(), { [name]: () => '' })
      if (name === 'render_Post') new Resource().putChild('x', wrong)
      else expect(() => new Resource().putChild('x', wrong)).toThrow(`has ${name}`)
    }
  })

  test('supports any token in capitals', async () => {
    const odd = Object.assign(new Page(), { "render_X!#$%&'*+.^_`|~-1": () => 'odd' })
    const method = "X!#$%&'*+.^_`|~-1"
    expect((await ask(odd, requestText(method, '/'))).response).toContain('\r\n\r\nodd')
    expect((await ask(odd, requestText('OPTIONS', '/'))).response).toContain(`OPTIONS, ${method}\r\n`)
  })

  test('captures no stack for a 404', async () => {
    const root = new Page()
    root.putChild('gone', notFound())
    const thrown: unknown[] = []
    const site = new (class extends Site {
      override process(it: Request): void | Promise<void> {
        try {
          return super.process(it)
        } catch (error) {
          thrown.push(error)
          throw error
        }
      }
    })(root)
    const exchange = Exchange.of(site)
    for (const [method, path] of [
      ['GET', '/nope'],
      ['GET', '/nope/deeper'],
      ['GET', '//'],
      ['GET', '/gone'],
      ['PUT', '/'],
      ['FROB', '/'],
    ] as const)
      await exchange.send(requestText(method, path))
    const statuses = [...(await exchange.received()).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) =>
      Number(code),
    )
    expect(statuses).toEqual([404, 404, 404, 404, 405, 501])
    expect(thrown.map((error) => (error as HTTPError).statusCode)).toEqual(statuses)
    expect(thrown.map((error) => (error as Error).stack)).toEqual(statuses.map(() => undefined))
  })
})
