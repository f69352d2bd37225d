import { describe, expect, test } from 'vitest'
import type { HTTPError } from '../../src/errors.ts'
import { WrappingResource } from '../../src/resources.ts'
import type { Request } from '../../src/server/request.ts'
import type { RenderResult } from '../../src/site/render-result.ts'
import { Resource } from '../../src/site/resource.ts'
import { Clients, responding, tree } from './client.ts'

/** Marks every response with its name. */
class Marking extends WrappingResource {
  readonly #mark: string
  constructor(resource: Resource, mark = 'x') {
    super(resource)
    this.#mark = mark
  }
  override render(request: Request): RenderResult {
    request.beforeHead(() => request.responseHeaders.addRawHeader('X-Mark', this.#mark))
    return super.render(request)
  }
}

describe('WrappingResource', () => {
  test.each([
    ['/', 'root'],
    ['/a', 'a a'],
    ['/a/', 'a a/'],
    ['/a/b', 'b a/b'],
  ])('leads %s to the same resource, with the same paths, as without it', async (path, body) => {
    const [bare, wrapped] = [new Clients(tree()), new Clients(new Marking(tree()))]
    const response = await wrapped.ask(path)
    expect(response.body).toBe(body)
    expect(response.body).toBe((await bare.ask(path)).body)
    expect(response.header('x-mark')).toBe('x')
  })

  test('can be put anywhere in a tree, and passes the rest of a path to a leaf', async () => {
    const root = tree()
    root.putChild(
      'w',
      new Marking(responding(({ prepath, postpath }) => `${prepath.join()} | ${postpath.join()}`)),
    )
    const clients = new Clients(root)
    expect((await clients.ask('/w/x%2Fy//z')).body).toBe('w | x/y,,z')
    expect((await clients.ask('/w')).header('x-mark')).toBe('x')
    expect((await clients.ask('/a')).header('x-mark')).toBeUndefined()
  })

  test.each([
    ['/none', 404, 'GET'],
    ['/a', 405, 'PUT'],
    ['/a', 501, 'BREW'],
    ['/a', 204, 'OPTIONS'],
  ])('sees %s with %s, and the others keep their methods', async (path, status, method) => {
    const response = await new Clients(new Marking(tree())).ask(path, { method })
    expect(response.status).toBe(status)
    expect(response.header('x-mark')).toBe('x')
    if (status < 400 || status === 405) expect(response.header('allow')).toBe('GET, HEAD, OPTIONS')
  })

  test('nests: the outermost decides last', async () => {
    const response = await new Clients(new Marking(new Marking(tree(), 'inner'), 'outer')).ask('/a')
    expect(response.all('x-mark')).toEqual(['inner', 'outer'])
  })

  test('follows promises of getChild, and rejects what is no resource', async () => {
    class Dynamic extends Resource {
      override async getChild(segment: string): Promise<Resource | undefined> {
        if (segment === 'bad') return 'text' as never
        return segment === 'none' ? undefined : tree()
      }
    }
    const clients = new Clients(new Marking(new Dynamic()))
    expect((await clients.ask('/x/a/b')).body).toBe('b x/a/b')
    expect((await clients.ask('/none')).status).toBe(404)
    expect((await clients.ask('/bad')).status).toBe(500)
    expect(String(clients.reactor.flushLoggedErrors()[0])).toContain('getChild of Dynamic returned for "bad"')
  })

  test('forwards putChild and allowedMethods', async () => {
    const wrapped = new Marking(tree())
    wrapped.putChild('new', tree())
    expect((await new Clients(wrapped).ask('/new/a')).body).toBe('a new/a')
    expect(wrapped.allowedMethods()).toEqual(['GET', 'HEAD', 'OPTIONS'])
  })

  test('can wait for the result, and catch what the resource throws', async () => {
    class Catching extends WrappingResource {
      override async render(request: Request): Promise<string> {
        try {
          return `${(await super.render(request)) as string}!`
        } catch (error) {
          return `caught ${(error as HTTPError).statusCode}`
        }
      }
    }
    const clients = new Clients(new Catching(tree()))
    expect((await clients.ask('/a')).body).toBe('a a!')
    expect((await clients.ask('/none')).body).toBe('caught 404')
  })

  test('refuses what is no resource', () => {
    expect(() => new Marking('x' as never)).toThrow(
      'Cannot take a string as the resource of Marking: give a Resource',
    )
  })
})
