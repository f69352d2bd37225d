import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import Koa from 'koa'
import { describe, expect, test } from 'vitest'
import { NodeResource } from '../../src/mount.ts'
import { Mounted } from './mounted.ts'

function program(): { readonly app: Koa; readonly errors: string[] } {
  const errors: string[] = []
  const app = new Koa({ keys: ['a key'] })
  app.on('error', (error: Error) => errors.push(error.message))
  app.use(async (context) => {
    switch (context.path) {
      case '/json':
        context.body = {
          query: context.query,
          protocol: context.protocol,
          host: context.host,
          ip: context.ip,
        }
        return
      case '/echo':
        context.type = 'text'
        context.body = await text(context.req)
        return
      case '/pieces':
        context.body = Readable.from(['one ', 'two ', 'three'])
        return
      case '/login':
        context.cookies.set('name', 'Ann', { signed: true })
        context.redirect('/me')
        return
      case '/me':
        context.body = `You are ${context.cookies.get('name', { signed: true })}`
        return
      case '/empty':
        context.status = 204
        return
      case '/broken':
        throw new Error('broken by design')
      case '/denied':
        context.throw(403, 'Members only')
    }
  })
  return { app, errors }
}

describe('Koa in a NodeResource', () => {
  const mounted = (path?: string): Mounted => {
    const { app, errors } = program()
    return Object.assign(new Mounted(new NodeResource(app.callback()), path), { errors })
  }

  test('sees the request relative to its path', async () => {
    const { body, head } = await mounted('koa').ask('GET', '/koa/json?a=1')
    const seen = { query: { a: '1' }, protocol: 'http', host: 'example.org', ip: '192.168.1.1' }
    expect(JSON.parse(body)).toEqual(seen)
    expect(head).toContain('Content-Type: application/json; charset=utf-8\r\nContent-Length: ')
  })

  test('reads a body, and streams a response', async () => {
    const one = mounted()
    expect((await one.ask('POST', '/echo', [], 'to and fro')).body).toBe('to and fro')
    expect(await one.ask('GET', '/pieces')).toMatchObject({ status: 200, body: 'one two three' })
    expect(await one.ask('HEAD', '/pieces')).toMatchObject({ status: 200, body: '' })
    expect(one.logged).toEqual([])
  })

  test('keeps its signed cookies', async () => {
    const one = mounted()
    const { head } = await one.ask('GET', '/login')
    const cookies = Array.from(head.matchAll(/^Set-Cookie: ([^;]*)/gim), ([, pair]) => pair)
    expect(cookies).toHaveLength(2)
    expect((await one.ask('GET', '/me', [`Cookie: ${cookies.join('; ')}`])).body).toBe('You are Ann')
  })

  test('destroys a body when the client leaves', async () => {
    let made = 0
    const endless = new Readable({ read: () => void endless.push(`${made++} `.padEnd(10_000)) })
    const app = Object.assign(new Koa(), { silent: true })
    app.use((context) => void (context.body = endless))
    const one = new Mounted(new NodeResource(app.callback()))
    one.exchange.transport.block()
    await one.exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
    expect(made).toBeLessThan(60)
    one.exchange.transport.receiveReset()
    await one.until(() => endless.destroyed)
    expect(one.logged).toEqual([])
  })

  test('sends its own errors, 204 and 404', async () => {
    const one = mounted()
    expect(await one.ask('GET', '/broken')).toMatchObject({ status: 500, body: 'Internal Server Error' })
    expect(await one.ask('GET', '/denied')).toMatchObject({ status: 403, body: 'Members only' })
    expect(await one.ask('GET', '/empty')).toMatchObject({ status: 204, body: '' })
    expect(await one.ask('GET', '/nowhere')).toMatchObject({ status: 404, body: 'Not Found' })
    expect(one).toMatchObject({ errors: ['broken by design', 'Members only'], logged: [] })
  })
})
