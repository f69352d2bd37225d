import { describe, expect, test } from 'vitest'
import { getRequestId, requestId } from '../../src/resources.ts'
import type { Request } from '../../src/server/request.ts'
import { Clients, responding } from './client.ts'

const showing = responding((request: Request) => `${getRequestId(request)}`)

describe('requestId', () => {
  test('creates an id for each request, and sends it', async () => {
    const clients = new Clients(requestId(showing))
    const [one, other] = [await clients.ask('/'), await clients.ask('/')]
    expect(one.body).toMatch(/^[0-9a-f]{32}$/)
    expect(one.header('x-request-id')).toBe(one.body)
    expect(other.body).not.toBe(one.body)
  })

  test('echoes a valid id, on error pages too', async () => {
    const clients = new Clients(requestId(showing))
    const headers = ['X-Request-Id: a1-B_2.:+/=@']
    expect((await clients.ask('/', { headers })).body).toBe('a1-B_2.:+/=@')
    const refused = await clients.ask('/', { method: 'PUT', headers })
    expect([refused.status, refused.header('x-request-id')]).toEqual([405, 'a1-B_2.:+/=@'])
  })

  test.each([
    ['empty', ['X-Request-Id: ']],
    ['of 129 characters', [`X-Request-Id: ${'a'.repeat(129)}`]],
    ['with a quote', ['X-Request-Id: a"b']],
    ['with a blank', ['X-Request-Id: a b']],
    ['with a tab', ['X-Request-Id: a\tb']],
    ['with markup', ['X-Request-Id: <script>']],
    ['with an escape of a terminal', ['X-Request-Id: \\x1b[31m']],
    ['outside of ASCII', ['X-Request-Id: ä']],
    ['twice', ['X-Request-Id: a', 'X-Request-Id: b']],
  ])('replaces an id that is %s', async (_, headers) => {
    expect((await new Clients(requestId(showing)).ask('/', { headers })).body).toMatch(/^[0-9a-f]{32}$/)
  })

  test('takes 128 characters, another header, and can ignore what the client sends', async () => {
    const long = 'a'.repeat(128)
    const headers = [`X-Request-Id: ${long}`, 'Trace: t1']
    expect((await new Clients(requestId(showing)).ask('/', { headers })).body).toBe(long)
    const named = await new Clients(requestId(showing, { header: 'Trace' })).ask('/', { headers })
    expect(named.header('trace')).toBe('t1')
    const own = await new Clients(requestId(showing, { echo: false })).ask('/', { headers })
    expect(own.body).toMatch(/^[0-9a-f]{32}$/)
  })

  test('refuses a header that is no token', () => {
    expect(() => requestId(showing, { header: 'X\r\nSet-Cookie' })).toThrow(RangeError)
    expect(() => requestId(showing, { headers: 'X' } as never)).toThrow('did you mean header?')
  })

  test('is undefined without the wrapper', async () => {
    expect((await new Clients(showing).ask('/')).body).toBe('undefined')
  })
})
