import { describe, expect, test } from 'vitest'
import { FetchResource, NodeResource } from '../../src/mount.ts'
import { Resource } from '../../src/site/resource.ts'
import { Mounted } from './mounted.ts'

const node = (options?: { wholePath: boolean }): NodeResource =>
  new NodeResource((request, response) => {
    const { baseUrl = '', originalUrl = '' } = request as { baseUrl?: string; originalUrl?: string }
    response.end([request.url, baseUrl, originalUrl].join(' '))
  }, options)
const web = (options?: { wholePath: boolean }): FetchResource =>
  new FetchResource((request) => new Response(request.url), options)
const body = async (program: Resource, path: string, target: string): Promise<string> =>
  (await new Mounted(program, path).ask('GET', target)).body

describe('mountTarget', () => {
  test.each([
    ['', '/', '/  /'],
    ['', '/a/b/?c=/d', '/a/b/?c=/d  /a/b/?c=/d'],
    ['api', '/api', '/ /api /api'],
    ['api', '/api?x', '/?x /api /api?x'],
    ['api', '/api/', '/ /api /api/'],
    ['api', '/api/a%2Fb//c', '/a%2Fb//c /api /api/a%2Fb//c'],
    ['a b', '/a%20b/c', '/c /a%20b /a%20b/c'],
    ['api', 'http://example.org/api/a?b?c', '/a?b?c /api /api/a?b?c'],
  ])('a listener at "%s" sees %s as %s', async (path, target, seen) => {
    expect(await body(node(), path, target)).toBe(seen)
  })

  test('a listener below several segments sees the rest', async () => {
    const outer = new Resource()
    outer.putChild('v1', node())
    expect(await body(outer, 'api', '/api/v1/a')).toBe('/a /api/v1 /api/v1/a')
  })

  test('a program with wholePath sees the whole path', async () => {
    expect(await body(node({ wholePath: true }), 'api', '/api/a?b')).toBe('/api/a?b  /api/a?b')
    expect(await body(web({ wholePath: true }), 'api', '/api/a?b')).toBe('http://example.org/api/a?b')
  })

  test('a fetch function sees a URL below its path', async () => {
    expect(await body(web(), 'api', '/api')).toBe('http://example.org/')
    expect(await body(web(), 'api', '/api/a%2Fb?c=d%20e')).toBe('http://example.org/a%2Fb?c=d%20e')
    expect(await body(web(), 'api', '/api//other.example/a')).toBe('http://example.org//other.example/a')
  })

  test.each(['/api/../admin', '/api/%2e%2E/admin', '/api/a/.', '/api/.%2e/a', '/api/./a'])(
    'a fetch function is not called for %s, which a URL would change',
    async (target) => {
      expect(await new Mounted(web(), 'api').ask('GET', target)).toMatchObject({ status: 400 })
    },
  )

  test('names that only begin with dots are no dot segments', async () => {
    expect(await body(web(), 'api', '/api/..a/.well-known/...')).toBe(
      'http://example.org/..a/.well-known/...',
    )
  })

  test('refuses unknown options and wrong types', () => {
    expect(() => node({ wholepath: true } as never)).toThrow('did you mean wholePath?')
    expect(() => web({ wholePath: 1 } as never)).toThrow('Cannot take wholePath 1')
    expect(() => new NodeResource({} as never)).toThrow('listener')
    expect(() => new FetchResource({ fetch: () => undefined } as never)).toThrow('fetch')
  })
})
