import { describe, expect, test } from 'vitest'
import {
  bodyLimit,
  cors,
  getRequestId,
  getSession,
  guard,
  NameVirtualHost,
  passwordCheck,
  rateLimit,
  requestId,
  securityHeaders,
  sessions,
} from '../../src/resources.ts'
import type { Request } from '../../src/server/request.ts'
import { Clients, responding } from './client.ts'

const APP = 'https://app.example.org'
const AUTHORIZATION = `Authorization: Basic ${Buffer.from('alice:secret').toString('base64')}`

/** Everything in front of one resource, the outermost last. */
function stack(): Clients {
  const leaf = responding(async (request: Request) => {
    const session = await getSession(request)
    session.set('n', Number(session.get('n') ?? 0) + 1)
    const { length } = await request.body.bytes()
    return `${session.get('n') as number} ${length} ${getRequestId(request)} ${request.postpath.join('/')}`
  })
  const hosts = new NameVirtualHost()
  hosts.addHost('example.org', sessions(bodyLimit(leaf, { maxBytes: 4 }), { keys: ['k'.repeat(32)] }))
  const guarded = guard(hosts, { realm: 'Staff', basic: passwordCheck({ alice: 'secret' }) })
  const open = cors(guarded, { origins: [APP], credentials: true })
  return new Clients(requestId(securityHeaders(rateLimit(open, { perSecond: 1, burst: 4 }))))
}

describe('wrapping resources', () => {
  test('compose, and each adds its part to every response', async () => {
    const clients = stack()
    const asked = {
      method: 'POST',
      body: 'four',
      headers: [AUTHORIZATION, `Origin: ${APP}`, 'X-Request-Id: r1'],
    }
    const first = await clients.ask('/a/b', asked)
    expect([first.status, first.body]).toEqual([200, '1 4 r1 a/b'])
    const cookie = `Cookie: ${first.header('set-cookie')?.split(';')[0]}`
    const second = await clients.ask('/', { ...asked, headers: [...asked.headers, cookie] })
    expect(second.body).toBe('2 4 r1 ')

    const large = await clients.ask('/', { ...asked, body: 'fives', headers: [...asked.headers, cookie] })
    const unknown = await clients.ask('/', { ...asked, headers: ['Host: other', ...asked.headers] })
    const often = await clients.ask('/', asked)
    expect([large.status, unknown.status, often.status]).toEqual([413, 421, 429])
    clients.reactor.advance(1_000)
    const refused = await clients.ask('/', { headers: [`Origin: ${APP}`] })
    expect(refused.status).toBe(401)
    for (const response of [first, second, large, unknown, often, refused]) {
      expect(response.header('x-frame-options')).toBe('DENY')
      expect(response.all('x-request-id')).toHaveLength(1)
    }
    for (const response of [first, second, large, unknown, refused])
      expect(response.header('access-control-allow-origin')).toBe(APP)
  })
})
