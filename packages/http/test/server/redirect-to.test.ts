import { expect, test } from 'vitest'
import { redirectTo } from '../../src/server/redirect-to.ts'
import { get } from './coded-response.ts'
import { Exchange } from './http-exchange.ts'

test('redirectTo sets status and Location, and returns a page whose link is escaped', async () => {
  const exchange = new Exchange((request) => request.finish(redirectTo('/a?b=1&c="><script>', request)))
  const { status, headers, body } = await get(exchange)
  expect([status, headers.get('location')]).toEqual([302, '/a?b=1&c="><script>'])
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(body.toString()).toContain('<a href="/a?b=1&#38;c=&#34;&#62;&#60;script&#62;">')
  expect(body.toString()).not.toContain('<script>')
})

test('redirectTo takes another status, and refuses a URL with a line end', async () => {
  const exchange = new Exchange((request) => {
    expect(() => redirectTo('/a\r\nSet-Cookie: x', request)).toThrow(TypeError)
    request.finish(redirectTo('/é', request, 303))
  })
  const { status, headers } = await get(exchange)
  expect([status, headers.get('location')]).toEqual([303, '/%C3%A9'])
})
