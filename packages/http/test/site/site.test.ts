import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'
import { Exchange } from '../server/http-exchange.ts'
import { ask, requestText } from './site-exchange.ts'

/** Responds with the path to it. */
class Where extends Resource {
  override readonly isLeaf: boolean
  constructor(isLeaf = false) {
    super()
    this.isLeaf = isLeaf
  }
  override render_GET(it: Request): string {
    return JSON.stringify([it.prepath, it.postpath])
  }
}

/** Returns the given value as its child. */
class Returning extends Resource {
  readonly #child: unknown
  constructor(child: unknown) {
    super()
    this.#child = child
  }
  override getChild(): Resource {
    return this.#child as Resource
  }
}

/** Makes a tree of which a proxy guards `/admin`, and records the paths that reach that part. */
function guarded(): { root: Resource; reached: string[] } {
  const reached: string[] = []
  class Guarded extends Resource {
    override render_GET(it: Request): string {
      reached.push(it.path)
      return 'reached'
    }
  }
  const root = new Where()
  const admin = new Guarded()
  root.putChild('admin', admin)
  admin.putChild('secret', new Guarded())
  return { root, reached }
}

class Dynamic extends Resource {
  override getChild(segment: string): Resource | Promise<Resource> {
    return segment === 'later' ? Promise.resolve(new Where()) : new Where()
  }
}

function tree(): Resource {
  const root = new Where()
  root.putChild('leaf', new Where(true))
  root.putChild('dynamic', new Dynamic())
  const nested = new Where()
  nested.putChild('', new Where())
  root.putChild('a b', nested)
  return root
}

async function found(target: string): Promise<unknown> {
  const { response } = await ask(tree(), requestText('GET', target))
  const status = Number(response.slice(9, 12))
  const body = Buffer.from(response.slice(response.indexOf('\r\n\r\n') + 4), 'latin1')
  return status === 200 ? JSON.parse(body.toString()) : status
}

describe('Site', () => {
  test('finds resources by decoded segments, and passes the rest to a leaf', async () => {
    expect(await found('/')).toEqual([[''], []])
    expect(await found('/leaf')).toEqual([['leaf'], []])
    expect(await found('/leaf/x%20y//c%2Fd')).toEqual([['leaf'], ['x y', '', 'c/d']])
    expect(await found('/leaf/../x')).toEqual([['leaf'], ['..', 'x']])
    expect(await found('/a%20b')).toEqual([['a b'], []])
    expect(await found('/a%20b/')).toEqual([['a b', ''], []])
    expect(await found('/dynamic/any')).toEqual([['dynamic', 'any'], []])
    expect(await found('/dynamic/later')).toEqual([['dynamic', 'later'], []])
    expect(await found('http://h/leaf?x')).toEqual([['leaf'], []])
  })

  test('responds 404 to a path without a resource, and 400 to one that cannot be decoded', async () => {
    for (const target of ['/nope', '/..', '/%2e%2e', '/a%00', '/leaf%2Fx', '/%252e'])
      expect(await found(target), target).toBe(404)
    for (const target of ['/%zz', '/%', '/%ff', '/%c0%ae']) expect(await found(target), target).toBe(400)
    expect(await found('/leaf?%zz')).toEqual([['leaf'], []])
  })

  test('treats an empty segment as any other: only the last is a trailing slash', async () => {
    const { root, reached } = guarded()
    for (const target of ['/admin', '/admin/', '/admin/secret', '/admin/secret/', 'http://h/admin'])
      expect((await ask(root, requestText('GET', target))).response, target).toContain('\r\n\r\nreached')
    reached.length = 0
    for (const target of [
      '//',
      '///',
      '//admin',
      '///admin///secret//',
      '/admin//',
      '/admin//secret',
      '/admin/secret//',
      'http://h//admin',
      '//admin/?x',
    ])
      expect((await ask(root, requestText('GET', target))).response, target).toMatch(/^HTTP\/1\.1 404 /)
    expect(reached).toEqual([])
    expect(await found('/leaf//')).toEqual([['leaf'], ['', '']])
  })

  test('finds the children of a child for the empty segment', async () => {
    const root = new Resource()
    const empty = new Where()
    empty.putChild('x', new Where())
    root.putChild('', empty)
    expect((await ask(root, requestText('GET', '//x'))).response).toContain('[["","x"],[]]')
    expect((await ask(root, requestText('GET', '/'))).response).toContain('[[""],[]]')
    expect((await ask(root, requestText('GET', '//'))).response).toContain('[["",""],[]]')
  })

  test('responds 404 when getChild returns nothing, and logs nothing', async () => {
    for (const nothing of [undefined, null, Promise.resolve(undefined), Promise.resolve(null)]) {
      const { response, reactor } = await ask(new Returning(nothing), requestText('GET', '/x'))
      expect(response).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
      expect(reactor.logged).toEqual([])
    }
  })

  test('logs a 404 that comes after the response, when getChild has sent one and returns nothing', async () => {
    const root = new (class extends Resource {
      override getChild(_segment: string, request: Request): undefined {
        request.finish('sent')
      }
    })()
    const { response, reactor } = await ask(root, requestText('GET', '/x'))
    expect(response).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nsent$/)
    expect(reactor.logged).toMatchObject([{ level: 'warn', error: { statusCode: 404 } }])
  })

  test('responds 500 when getChild returns another value, and logs it', async () => {
    for (const [wrong, shown] of [
      ['text', 'a string'],
      [{ render: () => 'x' }, 'an object'],
      [Where, 'the class Where'],
      [5, 'a number'],
    ] as const) {
      for (const value of [wrong, Promise.resolve(wrong)]) {
        const { response, reactor } = await ask(new Returning(value), requestText('GET', '/x'))
        expect(response).toMatch(/^HTTP\/1\.1 500 /)
        expect(reactor.logged).toMatchObject([{ fields: { method: 'GET', path: '/x' } }])
        expect(String(reactor.logged[0]?.error)).toBe(
          `TypeError: Cannot follow what getChild of Returning returned for "x" (${shown}): return a Resource, or undefined for 404`,
        )
      }
    }
  })

  test('awaits any thenable', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- the test needs a thenable that is not a Promise
    const thenable = { then: (resolve: (child: Resource) => void) => resolve(new Where()) }
    expect((await ask(new Returning(thenable), requestText('GET', '/x/y'))).response).toMatch(
      /^HTTP\/1\.1 404 /,
    )
    expect((await ask(new Returning(thenable), requestText('GET', '/x'))).response).toContain('[["x"],[]]')
  })

  test('renders the resource of an overridden getResourceFor, now or later', async () => {
    for (const later of [false, true]) {
      const site = new (class extends Site {
        override getResourceFor(it: Request): Resource | Promise<Resource | undefined> {
          const where = it.getRequestHostname() === 'h' ? new Where() : undefined
          return later || where === undefined ? Promise.resolve(where) : where
        }
      })(new Resource())
      const exchange = Exchange.of(site)
      await exchange.send(requestText('GET', '/any'), 'GET / HTTP/1.1\r\nHost: other\r\n\r\n')
      expect(await exchange.received()).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 404 /)
      expect(exchange.reactor.logged).toEqual([])
    }
  })

  test('requires a Resource', () => {
    for (const wrong of [undefined, {}, Where, 'x'])
      expect(() => new Site(wrong as unknown as Resource)).toThrow(
        'Cannot make a Site: its resource must be a Resource',
      )
  })

  test('includes nothing from the request in an error page', async () => {
    const { response } = await ask(tree(), requestText('GET', '/<script>?<b>'))
    expect(response).toMatch(/^HTTP\/1\.1 404 /)
    expect(response).not.toContain('script')
  })

  test('responds to OPTIONS *, and refuses CONNECT', async () => {
    for (const target of ['*', 'http://h', 'http://h:80'])
      expect((await ask(tree(), requestText('OPTIONS', target))).response).toBe(
        'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      )
    const { response, transport } = await ask(tree(), requestText('CONNECT', 'h:80'))
    expect(response).toMatch(/^HTTP\/1\.1 501 [^]*Connection: close/)
    expect(transport.ended).toBe(true)
  })

  test('responds 500 when getChild fails, or with the status of its HTTPError', async () => {
    class Failing extends Resource {
      override getChild(segment: string): Promise<Resource> {
        return Promise.reject(new Error(segment))
      }
    }
    const { response, reactor } = await ask(new Failing(), requestText('GET', '/x'))
    expect(response).toMatch(/^HTTP\/1\.1 500 /)
    expect(reactor.logged.length).toBe(1)
  })

  test('finds the child for a trailing slash, and without one ignores the slash', async () => {
    expect(await found('/dynamic/x/')).toEqual([['dynamic', 'x', ''], []])
    expect(await found('/leaf/')).toEqual([['leaf'], ['']])
  })

  test('decodes each segment once, and does not split it at a decoded slash', async () => {
    expect(await found('/leaf/%252F/%E2%82%AC+')).toEqual([['leaf'], ['%2F', '€+']])
    expect(await found('/a%2Fb')).toBe(404)
    expect(await found('/le%61f')).toEqual([['leaf'], []])
    const { response } = await ask(tree(), requestText('GET', '/%ff<script>'))
    expect(response).toMatch(/^HTTP\/1\.1 400 [^]*<p>Cannot decode the path<\/p>/)
    expect(response).not.toContain('script')
  })

  test('sends the status that getChild throws, now or later, and logs nothing', async () => {
    class Refusing extends Resource {
      override getChild(segment: string): Promise<Resource> {
        const error = new HTTPError(403, segment, { headers: [['X', 'y']] })
        if (segment === 'now') throw error
        return Promise.reject(error)
      }
    }
    for (const target of ['/now', '/later']) {
      const { response, reactor } = await ask(new Refusing(), requestText('GET', target))
      expect(response).toMatch(/^HTTP\/1\.1 403 Forbidden\r\nX: y\r\n/)
      expect(reactor.logged).toEqual([])
    }
  })

  test('sends nothing when the client has gone before its resource is found', async () => {
    let arrive: (resource: Resource) => void = () => undefined
    class Slow extends Resource {
      override getChild(): Promise<Resource> {
        return new Promise((resolve) => (arrive = resolve))
      }
    }
    const { transport, reactor } = await ask(new Slow(), requestText('GET', '/x'))
    transport.receiveReset()
    arrive(new Where())
    await reactor.settle()
    expect(transport.value()).toBe('')
    expect(reactor.logged).toEqual([])
  })

  test('responds to OPTIONS * for any tree, and continues', async () => {
    const { response } = await ask(new Resource(), requestText('OPTIONS', '*') + requestText('GET', '/'))
    expect(response).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP\/1\.1 404 /)
  })
})
