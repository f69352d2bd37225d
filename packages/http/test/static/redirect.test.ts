import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { Redirect, redirectTo } from '../../src/static/redirect.ts'
import { Resource } from '../../src/site/resource.ts'
import { get, serveResource } from './file-exchange.ts'

describe('Redirect', () => {
  test.each(['GET', 'HEAD', 'POST', 'PURGE'])('redirects %s, and paths below', async (method) => {
    const exchange = serveResource(new Redirect('/there?a=1&b'))
    for (const target of ['/', '/a/b']) {
      const { status, fields, body } = await get(exchange, target, ['Content-Length: 0'], method)
      expect([status, fields.get('location')]).toEqual([302, '/there?a=1&b'])
      expect(body.includes('<a href="/there?a=1&#38;b">')).toBe(method !== 'HEAD')
    }
  })

  test.each([301, 302, 303, 307, 308])('redirects with %i', async (code) => {
    expect((await get(serveResource(new Redirect('/', code)), '/')).status).toBe(code)
  })

  test.each([
    ['', 302],
    ['a\r\nSet-Cookie: x', 302],
    ['a\0', 302],
    [1, 302],
    ['/', 200],
    ['/', 304],
    ['/', 300],
    ['/', '302'],
  ])('refuses %j with %j', (url, code) => {
    expect(() => new Redirect(url as string, code as number)).toThrow(/Cannot take (url|code)/)
  })
})

describe('redirectTo', () => {
  async function redirect(url: string): Promise<{ location: string | undefined; body: string }> {
    class Page extends Resource {
      override render_GET(request: Request) {
        return redirectTo(url, request, 303)
      }
    }
    const { status, fields, body } = await get(serveResource(new Page()), '/')
    expect(status).toBe(303)
    return { location: fields.get('location'), body }
  }

  test('escapes the URL in its page', async () => {
    const { location, body } = await redirect('/"><script>alert(1)</script>')
    expect(location).toBe('/"><script>alert(1)</script>')
    expect(body).not.toContain('<script>')
  })

  test('does not link to code', async () => {
    expect((await redirect('javascript:alert(1)')).body).toContain('href="about:invalid"')
  })

  test('percent-encodes what a header cannot hold', async () => {
    expect((await redirect('/ü 😀')).location).toBe('/%C3%BC%20%F0%9F%98%80')
  })
})
