import { H3, readBody } from 'h3'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { HTTPException } from 'hono/http-exception'
import { streamSSE, streamText } from 'hono/streaming'
import { describe, expect, test } from 'vitest'
import { type FetchContext, FetchResource } from '../../src/mount.ts'
import { Mounted } from './mounted.ts'

function program(): Hono<{ Bindings: FetchContext }> {
  const app = new Hono<{ Bindings: FetchContext }>()
  app.get('/', (c) => c.text('hello'))
  app.get('/users/:id', (c) =>
    c.json({
      id: c.req.param('id'),
      query: c.req.query(),
      url: c.req.url,
      from: c.env.request.getClientAddress(),
    }),
  )
  app.post('/items', async (c) => c.json(await c.req.json(), 201))
  app.post('/upload', async (c) => {
    const { file, note } = await c.req.parseBody()
    return c.json({ note, name: file instanceof File && file.name, size: file instanceof File && file.size })
  })
  app.post('/login', (c) => {
    setCookie(c, 'name', 'Ann')
    deleteCookie(c, 'old')
    return c.redirect('/me')
  })
  app.get('/me', (c) => c.text(`You are ${getCookie(c, 'name')}`))
  app.get('/pieces', (c) =>
    streamText(c, async (stream) => {
      await stream.write('one ')
      await stream.write('two')
    }),
  )
  app.get('/events', (c) =>
    streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: 'first', id: '1' })
      await stream.writeSSE({ data: 'second', id: '2' })
    }),
  )
  app.get('/empty', (c) => c.body(null, 204))
  app.get('/broken', () => {
    throw new Error('broken by design')
  })
  app.get('/denied', () => {
    throw new HTTPException(403, { message: 'Members only' })
  })
  app.onError((error, c) =>
    error instanceof HTTPException ? error.getResponse() : c.json({ error: error.message }, 500),
  )
  return app
}

describe('Hono in a FetchResource', () => {
  const mounted = (path?: string): Mounted => new Mounted(new FetchResource(program().fetch), path)

  test('sends text with its length, and HEAD without a body', async () => {
    const one = mounted()
    const text = await one.ask('GET', '/')
    expect(text).toMatchObject({ status: 200, body: 'hello' })
    expect(text.head).toBe('HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\nContent-Length: 5')
    expect(await one.ask('HEAD', '/')).toMatchObject({ status: 200, body: '' })
  })

  test('routes below its path, and knows the client', async () => {
    const { body } = await mounted('api').ask('GET', '/api/users/7%208?x=1')
    expect(JSON.parse(body)).toEqual({
      id: '7 8',
      query: { x: '1' },
      url: 'http://example.org/users/7%208?x=1',
      from: { type: 'TCP', family: 4, host: '192.168.1.1', port: 54_321 },
    })
  })

  test('reads JSON and a form with a file', async () => {
    const one = mounted()
    const json = ['Content-Type: application/json']
    const made = await one.ask('POST', '/items', json, '{"name":"rope"}')
    expect(made).toMatchObject({ status: 201, body: '{"name":"rope"}' })
    expect(await one.ask('POST', '/items', json, '{')).toMatchObject({ status: 500 })
    const parts = [
      '--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n12345\r\n--x--\r\n',
    ].join('')
    const { body } = await one.ask(
      'POST',
      '/upload',
      ['Content-Type: multipart/form-data; boundary=x'],
      parts,
    )
    expect(JSON.parse(body)).toEqual({ note: 'hello', name: 'a.txt', size: 5 })
  })

  test('keeps several cookies', async () => {
    const one = mounted()
    const { status, head } = await one.ask('POST', '/login')
    expect(status).toBe(302)
    expect(head.match(/^set-cookie: /gim)).toHaveLength(2)
    expect((await one.ask('GET', '/me', ['Cookie: name=Ann'])).body).toBe('You are Ann')
  })

  test('streams text and events', async () => {
    const one = mounted()
    expect(await one.ask('GET', '/pieces')).toMatchObject({ status: 200, body: 'one two' })
    const events = await one.ask('GET', '/events')
    expect(events.body).toBe('data: first\nid: 1\n\ndata: second\nid: 2\n\n')
    expect(events.head).toContain('content-type: text/event-stream')
    expect(one.logged).toEqual([])
  })

  test('an event stream notices that its client leaves', async () => {
    let aborted = false
    const app = new Hono()
    app.get('/', (c) =>
      streamSSE(c, async (stream) => {
        stream.onAbort(() => void (aborted = true))
        await stream.writeSSE({ data: 'first' })
        await new Promise(() => undefined)
      }),
    )
    const one = new Mounted(new FetchResource(app.fetch))
    await one.exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await one.exchange.received()).toContain('data: first')
    one.exchange.transport.receiveReset()
    await one.until(() => aborted)
    expect(one.logged).toEqual([])
  })

  test('sends its own errors, 204 and 404', async () => {
    const one = mounted()
    expect(await one.ask('GET', '/broken')).toMatchObject({
      status: 500,
      body: '{"error":"broken by design"}',
    })
    expect(await one.ask('GET', '/denied')).toMatchObject({ status: 403, body: 'Members only' })
    expect(await one.ask('GET', '/empty')).toMatchObject({ status: 204, body: '' })
    expect(await one.ask('POST', '/nowhere', [], 'unread')).toMatchObject({ status: 404 })
    expect(one.logged).toEqual([])
  })
})

describe('h3 in a FetchResource', () => {
  const app = new H3()
  app.get('/', () => ({ hello: 'h3' }))
  app.get('/users/:id', (event) => `${event.context.params?.['id']} at ${event.url.pathname}`)
  app.post('/items', async (event) => {
    event.res.status = 201
    event.res.headers.append('set-cookie', 'a=1')
    event.res.headers.append('set-cookie', 'b=2')
    return readBody(event)
  })
  app.get('/pieces', () => new ReadableStream({ start: (controller) => controller.close() }))
  const mounted = (path?: string): Mounted =>
    new Mounted(new FetchResource((request) => app.fetch(request)), path)

  test('routes, reads JSON, keeps several cookies and sends its 404', async () => {
    const one = mounted('h3')
    expect(await one.ask('GET', '/h3')).toMatchObject({ status: 200, body: '{"hello":"h3"}' })
    expect((await one.ask('GET', '/h3/users/7')).body).toBe('7 at /users/7')
    const made = await one.ask('POST', '/h3/items', ['Content-Type: application/json'], '{"name":"rope"}')
    expect(made.status).toBe(201)
    expect(JSON.parse(made.body)).toEqual({ name: 'rope' })
    expect(made.head.match(/^set-cookie: /gim)).toHaveLength(2)
    expect(await one.ask('GET', '/h3/pieces')).toMatchObject({ status: 200, body: '' })
    expect(await one.ask('GET', '/h3/nowhere')).toMatchObject({ status: 404 })
    expect(one.logged).toEqual([])
  })
})
