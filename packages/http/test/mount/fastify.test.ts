import { Readable } from 'node:stream'
import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { NodeResource } from '../../src/mount.ts'
import { Mounted } from './mounted.ts'

async function program(): Promise<NodeResource> {
  const app = Fastify()
  app.addHook('onSend', async (_request, reply) => void reply.header('x-hook', 'sent'))
  app.route({
    method: 'GET',
    url: '/users/:id',
    handler: async (request) => {
      const { id, params, query, ip, protocol, host, url } = request
      return { known: id !== '', params, query, ip, protocol, host, url }
    },
  })
  app.post('/items', {
    schema: { body: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } },
    handler: async (request, reply) => reply.code(201).send(request.body),
  })
  app.get('/pieces', (_request, reply) => void reply.type('text/plain').send(Readable.from(['one ', 'two'])))
  app.get('/web', async () => new Response('of the web', { headers: { 'x-from': 'Response' } }))
  app.get('/raw', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, ['X-Raw', 'yes', 'X-Raw', 'again'])
    reply.raw.end('raw')
  })
  app.get('/empty', async (_request, reply) => reply.code(204).send())
  app.get('/broken', async () => {
    throw new Error('broken by design')
  })
  await app.ready()
  return new NodeResource((request, response) => app.routing(request, response))
}

describe('Fastify in a NodeResource', () => {
  const mounted = async (path?: string): Promise<Mounted> => new Mounted(await program(), path)

  test('routes below its path', async () => {
    const one = await mounted('api')
    const { status, body, head } = await one.ask('GET', '/api/users/7?x=1')
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({
      status: 200,
      body: {
        known: true,
        params: { id: '7' },
        query: { x: '1' },
        ip: '192.168.1.1',
        protocol: 'http',
        host: 'example.org',
        url: '/users/7?x=1',
      },
    })
    expect(head).toContain('x-hook: sent')
  })

  test('reads and validates JSON', async () => {
    const one = await mounted()
    const json = ['Content-Type: application/json']
    const made = await one.ask('POST', '/items', json, '{"name":"rope"}')
    expect(made).toMatchObject({ status: 201, body: '{"name":"rope"}' })
    expect(await one.ask('POST', '/items', json, '{}')).toMatchObject({ status: 400 })
    expect(await one.ask('POST', '/items', ['Content-Type: a/b'], 'x')).toMatchObject({ status: 415 })
    expect(one.logged).toEqual([])
  })

  test('streams, sends a Response, and writes to the raw response', async () => {
    const one = await mounted()
    expect(await one.ask('GET', '/pieces')).toMatchObject({ status: 200, body: 'one two' })
    const web = await one.ask('GET', '/web')
    expect(web).toMatchObject({ status: 200, body: 'of the web' })
    expect(web.head).toContain('x-from: Response')
    const raw = await one.ask('GET', '/raw')
    expect(raw.body).toBe('raw')
    expect(raw.head).toContain('X-Raw: yes\r\nX-Raw: again')
    expect(one.logged).toEqual([])
  })

  test('sends its own errors, 204, 404 and HEAD', async () => {
    const one = await mounted()
    const broken = await one.ask('GET', '/broken')
    expect(broken.status).toBe(500)
    expect(JSON.parse(broken.body)).toMatchObject({ message: 'broken by design' })
    expect(await one.ask('GET', '/empty')).toMatchObject({ status: 204, body: '' })
    expect(await one.ask('POST', '/nowhere', [], 'unread')).toMatchObject({ status: 404 })
    expect(await one.ask('HEAD', '/users/7')).toMatchObject({ status: 200, body: '' })
    expect(one.logged).toEqual([])
  })
})
