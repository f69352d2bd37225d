import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { Resource } from '../../src/site/resource.ts'
import type { RouteParameters } from '../../src/site/routes.ts'
import { Site } from '../../src/site/site.ts'
import { Exchange } from '../server/http-exchange.ts'
import { requestText } from './site-exchange.ts'

const show = (pattern: string) => (_request: Request, parameters: unknown) => ({ pattern, parameters })

/** Makes a site with a route for each pattern, which responds with its pattern and parameters. */
function siteWith(...patterns: string[]): Site {
  const site = new Site(new Resource())
  for (const pattern of patterns) site.route(pattern, show(pattern))
  return site
}

/** Returns the status, and the pattern and parameters of the route that responds. */
async function found(site: Site, target: string, method = 'GET'): Promise<unknown> {
  const exchange = Exchange.of(site)
  await exchange.send(requestText(method, target))
  const response = await exchange.received()
  const status = Number(response.slice(9, 12))
  if (status !== 200) return status
  const { pattern, parameters } = JSON.parse(Buffer.from(bodyOf(response), 'latin1').toString())
  return [pattern, parameters]
}

function bodyOf(response: string): string {
  return response.slice(response.indexOf('\r\n\r\n') + 4)
}

function patternFound(site: Site, request: Request): string | undefined {
  try {
    const resource = site.getResourceFor(request) as Resource | undefined
    return (resource?.render(request) as { pattern: string } | undefined)?.pattern
  } catch {
    return undefined
  }
}

/** The pattern that matches a path, with a text rather than a parameter, and a parameter rather than the rest. */
function mostSpecific(
  routes: ReadonlyMap<string, readonly string[]>,
  target: readonly string[],
): string | undefined {
  const matching = Array.from(routes).filter(([, segments]) =>
    segments.at(-1) === '*rest'
      ? target.length >= segments.length && matchEach(segments.slice(0, -1), target)
      : target.length === segments.length && matchEach(segments, target),
  )
  const rank = (segments: readonly string[]): string =>
    segments.map((text) => (text === '*rest' ? '3' : text.startsWith(':') ? '2' : '1')).join('')
  return matching.toSorted(([, one], [, other]) => (rank(one) < rank(other) ? -1 : 1))[0]?.[0]
}

function matchEach(segments: readonly string[], target: readonly string[]): boolean {
  return segments.every((text, at) => text.startsWith(':') || text === target[at])
}

class Users extends Resource {
  override render_GET(): string {
    return 'users'
  }
}

describe('a route', () => {
  test('responds to its method and path with the decoded parameters', async () => {
    const site = siteWith('GET /', 'GET /users', 'GET /users/:id', 'GET /users/:id/files/*path')
    expect(await found(site, '/')).toEqual(['GET /', {}])
    expect(await found(site, '/users')).toEqual(['GET /users', {}])
    expect(await found(site, '/users/7')).toEqual(['GET /users/:id', { id: '7' }])
    expect(await found(site, '/users/a%20%2F%C3%A9?x=1')).toEqual(['GET /users/:id', { id: 'a /é' }])
    expect(await found(site, '/users/7/files/a/b%2Fc')).toEqual([
      'GET /users/:id/files/*path',
      { id: '7', path: ['a', 'b/c'] },
    ])
    for (const target of ['/nope', '/users/7/files', '/users/7/more', '//users', '/users//', '/users/%ff'])
      expect(await found(site, target), target).toBe(target.endsWith('%ff') ? 400 : 404)
  })

  test('responds to a trailing slash as without it, and never takes an empty segment for a parameter', async () => {
    const site = siteWith('GET /users', 'GET /users/:id', 'GET /files/*path', 'GET /both', 'GET /both/*path')
    expect(await found(site, '/users/')).toEqual(['GET /users', {}])
    expect(await found(site, '/users/7/')).toEqual(['GET /users/:id', { id: '7' }])
    expect(await found(site, '/files/')).toEqual(['GET /files/*path', { path: [''] }])
    expect(await found(site, '/files/a/')).toEqual(['GET /files/*path', { path: ['a', ''] }])
    expect(await found(site, '/files//a')).toEqual(['GET /files/*path', { path: ['', 'a'] }])
    expect(await found(site, '/files')).toBe(404)
    expect(await found(site, '/both/')).toEqual(['GET /both', {}])
    expect(await found(site, '/both/a')).toEqual(['GET /both/*path', { path: ['a'] }])
  })

  test('prefers a text to a parameter, and a parameter to the rest, where they lead on', async () => {
    const site = siteWith(
      'GET /users/me',
      'GET /users/me/settings',
      'GET /users/:id',
      'GET /users/:id/posts',
      'GET /users/*rest',
      'GET /:any/x',
    )
    expect(await found(site, '/users/me')).toEqual(['GET /users/me', {}])
    expect(await found(site, '/users/me/settings')).toEqual(['GET /users/me/settings', {}])
    expect(await found(site, '/users/me/posts')).toEqual(['GET /users/:id/posts', { id: 'me' }])
    expect(await found(site, '/users/7')).toEqual(['GET /users/:id', { id: '7' }])
    expect(await found(site, '/users/me/nothing')).toEqual(['GET /users/*rest', { rest: ['me', 'nothing'] }])
    expect(await found(site, '/users/7/posts/1')).toEqual(['GET /users/*rest', { rest: ['7', 'posts', '1'] }])
    expect(await found(site, '/users/me/posts/')).toEqual(['GET /users/:id/posts', { id: 'me' }])
    expect(await found(site, '/others/x')).toEqual(['GET /:any/x', { any: 'others' }])
  })

  test('is the most specific of those that match, in any set of routes', () => {
    const segment = fc.constantFrom('a', 'b', ':p')
    const path = fc
      .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom('', '*rest'))
      .map(([texts, rest]) =>
        [...texts.map((text, at) => (text === ':p' ? `:p${at}` : text)), rest].filter(Boolean),
      )
    const asked = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(
        fc.array(path, { maxLength: 8 }),
        fc.array(asked, { minLength: 1, maxLength: 10 }),
        (paths, targets) => {
          const routes = new Map(paths.map((one) => [`GET /${one.join('/')}`, one]))
          const site = siteWith(...routes.keys())
          for (const target of targets) {
            const request = { method: 'GET', path: `/${target.join('/')}` } as Request
            expect(patternFound(site, request), request.path).toBe(mostSpecific(routes, target))
          }
        },
      ),
    )
  })

  test('has HEAD, OPTIONS, 405 and 501 as a resource has', async () => {
    const site = siteWith('GET /a', 'POST /a', 'PURGE /a', 'HEAD /b', 'GET /b')
    const exchange = Exchange.of(site)
    await exchange.send(requestText('HEAD', '/a'))
    expect(await exchange.received()).toBe(
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n',
    )
    await exchange.send(requestText('OPTIONS', '/a'))
    expect(await exchange.received()).toContain('\r\nAllow: GET, POST, HEAD, OPTIONS, PURGE\r\n')
    await exchange.send(requestText('DELETE', '/a'))
    expect(await exchange.received()).toMatch(
      /^HTTP\/1\.1 405 [^]*\r\nAllow: GET, POST, HEAD, OPTIONS, PURGE\r\n/,
    )
    expect(await found(site, '/a', 'PURGE')).toEqual(['PURGE /a', {}])
    expect(await found(site, '/a', 'FROB')).toBe(501)
    expect(await found(site, '/a', 'get')).toBe(501)
    await exchange.send(requestText('HEAD', '/b'))
    expect(await exchange.received()).toContain('Content-Length: 37\r\n\r\n')
  })

  test('is in one tree with resources', async () => {
    const root = new Resource()
    const users = new Users()
    root.putChild('users', users)
    const site = new Site(root)
    site.route('POST /users', show('POST /users'))
    site.route('GET /users/:id', show('GET /users/:id'))
    users.putChild('all', new Users())
    expect(users.allowedMethods()).toEqual(['GET', 'POST', 'HEAD', 'OPTIONS'])
    const exchange = Exchange.of(site)
    await exchange.send(requestText('GET', '/users'), requestText('GET', '/users/all'))
    expect((await exchange.received()).match(/\r\n\r\nusers/g)?.length).toBe(2)
    expect(await found(site, '/users', 'POST')).toEqual(['POST /users', {}])
    expect(await found(site, '/users/7')).toEqual(['GET /users/:id', { id: '7' }])
    expect(root.listNames()).toEqual(['users'])
  })

  test('may belong to a resource that is put anywhere', async () => {
    const items = new Resource()
    items.route('GET /', show('GET /'))
    items.route('GET /:id/*rest', show('GET /:id/*rest'))
    const root = new Resource()
    const api = new Resource()
    root.putChild('api', api)
    api.putChild('items', items)
    const site = new Site(root)
    expect(await found(site, '/api/items')).toEqual(['GET /', {}])
    expect(await found(site, '/api/items/')).toEqual(['GET /', {}])
    expect(await found(site, '/api/items/7/a/b')).toEqual(['GET /:id/*rest', { id: '7', rest: ['a', 'b'] }])
  })

  test('is removed with the child that it goes through', async () => {
    const site = siteWith('GET /users/:id', 'GET /other')
    expect(site.resource.delEntity('users')).toBe(true)
    expect(await found(site, '/users/7')).toBe(404)
    expect(await found(site, '/other')).toEqual(['GET /other', {}])
    site.resource.putChild('users', new Users())
  })

  test('refuses a pattern that cannot be read', () => {
    const site = siteWith()
    for (const [pattern, why] of [
      ['/users', 'write a method and a path'],
      ['GET users', 'write a method and a path'],
      ['GET', 'write a method and a path'],
      ['', 'write a method and a path'],
      ['get /users', 'write its method in capitals'],
      ['G@T /users', 'write its method in capitals'],
      ['CONNECT /users', 'responds to every CONNECT with 501'],
      ['GET /users/', 'leave out a trailing slash'],
      ['GET //users', 'it has an empty segment'],
      ['GET /a%20b', 'write it decoded'],
      ['GET /a?b', 'write it decoded'],
      ['GET /a#b', 'write it decoded'],
      ['GET /file-:id', 'a parameter alone'],
      ['GET /a*', 'a parameter alone'],
      ['GET /:', 'has no name of a parameter: write :name'],
      ['GET /:id.json', 'has no name of a parameter: write :name'],
      ['GET /*', 'has no name of a parameter: write *name'],
      ['GET /:__proto__', 'has no name of a parameter: write :name'],
      ['GET /:id/x/:id', 'give each parameter a name of its own'],
      ['GET /*rest/x', 'nothing can follow the rest of the path'],
    ] as const)
      expect(() => site.route(pattern, show(pattern)), pattern).toThrow(why)
    expect(() => site.route(5 as unknown as string, show(''))).toThrow('Cannot route a number: give a string')
    expect(() => site.route('GET /x', 'text' as never)).toThrow('give a function that responds, not a string')
    expect(site.resource.listNames()).toEqual([])
  })

  test('refuses a second one for the same requests, and leaves the first', async () => {
    for (const [first, second] of [
      ['GET /', 'GET /'],
      ['GET /a', 'GET /a'],
      ['GET /:id', 'GET /:name'],
      ['GET /a/:id/b', 'GET /a/:other/b'],
      ['GET /*path', 'GET /*rest'],
    ] as const) {
      const site = siteWith(first)
      expect(() => site.route(second, show(second)), second).toThrow(
        `Cannot route ${second}: ${first} is the same`,
      )
    }
    const site = siteWith('GET /:id', 'POST /:name', 'GET /:key/x', 'GET /*rest')
    expect(await found(site, '/7', 'POST')).toEqual(['POST /:name', { name: '7' }])
    expect(await found(site, '/7/x')).toEqual(['GET /:key/x', { key: '7' }])
  })

  test('refuses what a resource responds to itself, or would hide', () => {
    class Leaf extends Resource {
      override readonly isLeaf = true
    }
    class Dynamic extends Resource {
      override getChild(): Resource {
        return new Users()
      }
    }
    class Wrapper extends Resource {
      override getChildWithDefault(): Resource {
        return new Users()
      }
    }
    class Upgrading extends Resource {
      override render(): string {
        return ''
      }
    }
    const root = new Resource()
    const site = new Site(root)
    root.putChild('users', new Users())
    root.putChild('leaf', new Leaf())
    root.putChild('dynamic', new Dynamic())
    root.putChild('wrapper', new Wrapper())
    root.putChild('upgrading', new Upgrading())
    root.putChild('made', () => new Users())
    for (const [pattern, why] of [
      ['GET /users', 'Users has a render_GET'],
      [
        'GET /leaf/x',
        'Leaf is a leaf, which responds for all paths below it: add to the resource that it wraps',
      ],
      ['GET /dynamic/:id', 'Dynamic has its own getChild'],
      [
        'GET /wrapper/x',
        'Wrapper has its own getChildWithDefault (if it wraps a resource, add the route to that one)',
      ],
      ['POST /upgrading', 'Upgrading has its own render'],
      ['GET /made', 'a function makes the resource for "made"'],
    ] as const)
      expect(() => site.route(pattern, show(pattern)), pattern).toThrow(`Cannot route ${pattern}: ${why}`)
    site.route('GET /dynamic/known', show('GET /dynamic/known'))
    site.route('GET /deep/:id/end', show('GET /deep/:id/end'))
    expect(() => root.putChild('deep', new Users())).toThrow('it would hide the route GET /deep/:id/end')
    site.route('GET /', show('GET /'))
    expect(() => root.putChild('', new Users())).toThrow('it would hide the route GET /')
    const indexed = new Resource()
    indexed.putChild('', new Users())
    expect(() => indexed.route('GET /', show('GET /'))).toThrow('there is a child at ""')
  })

  test('costs the same among any number of routes', () => {
    const counts = [1, 1000].map((routes) => {
      const site = new Site(new Resource())
      for (let at = 0; at < routes; at++) site.route(`GET /r${at}/items/:id`, show('r'))
      for (let at = 0; at < routes; at++) site.route(`GET /all/r${at}/:id`, show('r'))
      const request = { method: 'GET', path: '/r0/items/7' } as Request
      const gets = vi.spyOn(Map.prototype, 'get')
      const steps = vi.spyOn(Resource.prototype, 'getChildWithDefault')
      const resource = site.getResourceFor(request) as Resource
      void resource.render(request)
      const count = [gets.mock.calls.length, steps.mock.calls.length]
      gets.mockRestore()
      steps.mockRestore()
      return count
    })
    expect(counts[1]).toEqual(counts[0])
    expect(counts[0]).toEqual([4, 3])
  })

  test('has parameters whose types follow from its pattern', () => {
    const site = siteWith()
    site.route('GET /a/:id/*rest', (_request, { id, rest }) => id.toUpperCase() + rest.join('/'))
    site.route('GET /b', async (_request, parameters) => ({ none: Object.keys(parameters as object) }))
    // @ts-expect-error -- the pattern has no such parameter
    site.route('GET /c/:id', (_request, { name }) => String(name))
    const parameters: RouteParameters<'GET /x/:a/y/:b'> = { a: '1', b: '2' }
    expect(Object.keys(parameters)).toEqual(['a', 'b'])
  })
})
