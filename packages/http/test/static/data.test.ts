import { describe, expect, test } from 'vitest'
import { Data } from '../../src/static/data.ts'
import { get, serveResource } from './file-exchange.ts'

describe('Data', () => {
  test('sends its bytes with their type', async () => {
    const exchange = serveResource(new Data('grüß', 'text/plain; charset=utf-8'))
    const { status, fields, body } = await get(exchange, '/')
    expect([status, body]).toEqual([200, Buffer.from('grüß').toString('latin1')])
    expect(Object.fromEntries(fields)).toEqual({
      'accept-ranges': 'bytes',
      'content-length': '6',
      'content-type': 'text/plain; charset=utf-8',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
    })
  })

  test('responds to HEAD without a body, to POST with 405, below itself with 404', async () => {
    const exchange = serveResource(new Data('0123456789', 'text/plain'))
    const head = await get(exchange, '/', [], 'HEAD')
    expect([head.status, head.fields.get('content-length'), head.body]).toEqual([200, '10', ''])
    expect((await get(exchange, '/', ['Content-Length: 0'], 'POST')).status).toBe(405)
    expect((await get(exchange, '/child')).status).toBe(404)
  })

  test('has conditional requests and ranges', async () => {
    const exchange = serveResource(new Data('0123456789', 'text/plain'))
    const etag = (await get(exchange, '/')).fields.get('etag')
    expect((await get(exchange, '/', [`If-None-Match: ${etag}`])).status).toBe(304)
    const one = await get(exchange, '/', ['Range: bytes=1-2'])
    expect([one.status, one.body]).toEqual([206, '12'])
    const two = await get(exchange, '/', ['Range: bytes=0-1,8-9'])
    expect(two.body.length).toBe(Number(two.fields.get('content-length')))
    expect((await get(exchange, '/', ['Range: bytes=10-'])).status).toBe(416)
  })

  test('copies the bytes, and can be empty', async () => {
    const bytes = Buffer.from('abc')
    const exchange = serveResource(new Data(bytes, 'text/plain'))
    bytes.fill('x')
    expect((await get(exchange, '/')).body).toBe('abc')
    const empty = await get(serveResource(new Data('', 'text/plain')), '/')
    expect([empty.status, empty.fields.get('content-length')]).toEqual([200, '0'])
  })

  test.each([
    [1, 'text/plain', 'data'],
    [undefined, 'text/plain', 'data'],
    ['', '', 'type'],
    ['', 'a\r\nb', 'type'],
    ['', undefined, 'type'],
  ])('refuses %j as %j', (data, type, named) => {
    expect(() => new Data(data as string, type as string)).toThrow(`Cannot take ${named}`)
  })
})
