import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import cookieSession from 'cookie-session'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import multer from 'multer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NodeResource } from '../../src/mount.ts'
import { Mounted } from './mounted.ts'

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-express-'))

beforeAll(() => writeFileSync(join(folder, 'page.txt'), 'a page of text\n'))
afterAll(() => rmSync(folder, { recursive: true }))

function program(): Express {
  const app = express()
  app.set('env', 'test')
  app.use(cookieSession({ name: 'session', keys: ['a key'] }))
  app.get('/', (request, response) => void response.send(`at ${request.baseUrl}, ${request.originalUrl}`))
  app.get('/users/:id', (request, response) => {
    const { protocol, hostname, ip, query, path } = request
    response.json({ id: request.params.id, protocol, hostname, ip, query, path })
  })
  app.post('/items', express.json(), (request, response) => void response.status(201).json(request.body))
  app.post('/form', express.urlencoded(), (request, response) => void response.json(request.body))
  app.post('/upload', multer().single('file'), (request, response) => {
    const { originalname, size } = request.file ?? {}
    response.json({ originalname, size, fields: request.body as unknown })
  })
  app.use('/files', express.static(folder))
  app.post('/login', (request, response) => {
    request.session = { name: 'Ann' }
    response.cookie('theme', 'dark')
    response.redirect('/me')
  })
  app.get(
    '/me',
    (request, response) => void response.send(`You are ${request.session?.['name'] ?? 'unknown'}`),
  )
  app.get('/empty', (_request, response) => void response.sendStatus(204))
  app.get('/stream', (_request, response) => {
    response.type('text')
    response.write('one ')
    setImmediate(() => response.end('two'))
  })
  app.post('/echo', (request, response) => void pipeline(request, response, () => undefined))
  app.get('/broken', () => {
    throw new Error('broken by design')
  })
  app.get('/rejected', async () => {
    await Promise.resolve()
    throw Object.assign(new Error('gone'), { status: 410 })
  })
  app.get('/late', (_request, response) => {
    response.write('begun')
    throw new Error('too late')
  })
  app.use((error: Error & { status?: number }, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error)
    else response.status(error.status ?? 500).json({ error: error.message })
  })
  return app
}

describe('Express in a NodeResource', () => {
  const mounted = (path?: string): Mounted => new Mounted(new NodeResource(program()), path)

  test('routes below its path, and knows where it is mounted', async () => {
    expect((await mounted('api').ask('GET', '/api')).body).toBe('at /api, /api')
    expect((await mounted('api').ask('GET', '/api/?a=b')).body).toBe('at /api, /api/?a=b')
    expect((await mounted().ask('GET', '/')).body).toBe('at , /')
  })

  test('sees the request as on its own server', async () => {
    const { body, head } = await mounted('api').ask('GET', '/api/users/7%2F8?x=1&x=2')
    expect(JSON.parse(body)).toEqual({
      id: '7/8',
      protocol: 'http',
      hostname: 'example.org',
      ip: '192.168.1.1',
      query: { x: ['1', '2'] },
      path: '/users/7%2F8',
    })
    expect(head).toContain('X-Powered-By: Express\r\nContent-Type: application/json; charset=utf-8')
  })

  test('reads JSON, and refuses what is malformed or too long', async () => {
    const json = ['Content-Type: application/json']
    const one = mounted()
    expect(await one.ask('POST', '/items', json, '{"name":"rope"}')).toMatchObject({
      status: 201,
      body: '{"name":"rope"}',
    })
    expect(await one.ask('POST', '/items', json, '{"name"')).toMatchObject({ status: 400 })
    const long = JSON.stringify({ name: 'x'.repeat(200_000) })
    expect(await one.ask('POST', '/items', json, long)).toMatchObject({ status: 413 })
    expect(one.logged).toEqual([])
  })

  test('reads a form, and an upload with multer', async () => {
    const one = mounted()
    const form = ['Content-Type: application/x-www-form-urlencoded']
    expect((await one.ask('POST', '/form', form, 'a=1&b=%20')).body).toBe('{"a":"1","b":" "}')
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
    expect(JSON.parse(body)).toEqual({ originalname: 'a.txt', size: 5, fields: { note: 'hello' } })
  })

  test('sends files: whole, conditional, in ranges, and its redirect of a folder names the mounted path', async () => {
    const one = mounted('site')
    const whole = await one.ask('GET', '/site/files/page.txt')
    expect(whole).toMatchObject({ status: 200, body: 'a page of text\n' })
    expect(whole.head).toContain('Content-Length: 15')
    const tag = /ETag: (.*)/.exec(whole.head)?.[1] ?? ''
    const same = await one.ask('GET', '/site/files/page.txt', [`If-None-Match: ${tag}`])
    expect(same).toMatchObject({ status: 304, body: '' })
    const part = await one.ask('GET', '/site/files/page.txt', ['Range: bytes=2-5'])
    expect(part).toMatchObject({ status: 206, body: 'page' })
    const head = await one.ask('HEAD', '/site/files/page.txt')
    expect(head).toMatchObject({ status: 200, body: '' })
    expect(head.head).toContain('Content-Length: 15')
    expect((await one.ask('GET', '/site/files')).head).toContain('Location: /site/files/')
    expect(one.logged).toEqual([])
  })

  test('keeps several cookies, and its session', async () => {
    const one = mounted()
    const { status, head } = await one.ask('POST', '/login')
    expect(status).toBe(302)
    const cookies = Array.from(head.matchAll(/^Set-Cookie: ([^;]*)/gim), ([, pair]) => pair)
    expect(cookies).toHaveLength(3)
    expect((await one.ask('GET', '/me', [`Cookie: ${cookies.join('; ')}`])).body).toBe('You are Ann')
  })

  test('sends a 204 without a body, and streams what has no length', async () => {
    const one = mounted()
    const empty = await one.ask('GET', '/empty')
    expect(empty).toMatchObject({ status: 204, body: '' })
    expect(empty.head).not.toContain('Content-Length')
    const streamed = await one.ask('GET', '/stream')
    expect(streamed).toMatchObject({ status: 200, body: 'one two' })
    expect(streamed.head).toContain('Transfer-Encoding: chunked')
    expect(await one.ask('POST', '/echo', [], 'to and fro')).toMatchObject({
      status: 200,
      body: 'to and fro',
    })
    expect(one.logged).toEqual([])
  })

  test('sends its own errors, and its 404 after an unread body', async () => {
    const one = mounted()
    expect(await one.ask('GET', '/broken')).toMatchObject({
      status: 500,
      body: '{"error":"broken by design"}',
    })
    expect(await one.ask('GET', '/rejected')).toMatchObject({ status: 410, body: '{"error":"gone"}' })
    expect(await one.ask('POST', '/nowhere', [], 'unread')).toMatchObject({ status: 404 })
    expect(await one.ask('GET', '/')).toMatchObject({ status: 200 })
    expect(one.logged).toEqual([])
  })

  test('an event stream notices that its client leaves', async () => {
    const events: string[] = []
    const app = express()
    app.get('/events', (request, response) => {
      response.set({ 'Content-Type': 'text/event-stream', Connection: 'keep-alive' }).flushHeaders()
      response.write('data: first\n\n')
      request.on('close', () => events.push('request'))
      response.on('close', () => events.push('response'))
    })
    const one = new Mounted(new NodeResource(app))
    await one.exchange.send('GET /events HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await one.exchange.received()).toContain('data: first')
    one.exchange.transport.receiveEnd()
    await one.until(() => events.length === 2)
    expect(one.logged).toEqual([])
  })

  test('aborts the connection for an error after the head', async () => {
    const one = mounted()
    const { status, body } = await one.ask('GET', '/late')
    expect({ status, body }).toEqual({ status: 200, body: 'begun' })
    expect([one.request.outcome, one.exchange.transport.connected]).toEqual(['aborted', false])
  })
})
