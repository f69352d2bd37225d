import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import {
  type AuthenticationScheme,
  getPassword,
  getUser,
  guard,
  type GuardOptions,
  passwordCheck,
  quotedString,
  RequestSlot,
  tokenCheck,
} from '../../src/resources.ts'
import { Clients, type Received, responding, tree } from './client.ts'

const USER = new RequestSlot<{ name: string }>('user')
const whoami = responding(
  (request) => `${getUser(request)} ${getPassword(request)} ${USER.get(request)?.name}`,
)
const basic = (text: string | Uint8Array): string => `Basic ${Buffer.from(text).toString('base64')}`

async function ask<T>(options: GuardOptions<T>, ...authorization: string[]): Promise<Received> {
  const headers = authorization.map((value) => `Authorization: ${value}`)
  return new Clients(guard(whoami, options)).ask('/', { headers })
}

const STAFF: GuardOptions<unknown> = {
  realm: 'Staff',
  basic: passwordCheck({ alice: 'se:cret', bücher: 'schlüssel', __proto__: 'x' }),
}

describe('guard', () => {
  test.each([
    ['the right password, with a colon', basic('alice:se:cret'), 'alice se:cret undefined'],
    ['UTF-8', basic('bücher:schlüssel'), 'b'],
    ['another case of the scheme', `bAsIc ${basic('alice:se:cret').slice(6)}`, 'alice'],
    ['more blanks', `Basic   ${basic('alice:se:cret').slice(6)}`, 'alice'],
  ])('lets in %s', async (_, authorization, body) => {
    const response = await ask(STAFF, authorization)
    expect(response.status).toBe(200)
    expect(response.body).toContain(body)
  })

  test.each<[string, string[]]>([
    ['no credentials', []],
    ['another password', [basic('alice:secret')]],
    ['another user', [basic('bob:se:cret')]],
    ['an empty password', [basic('alice:')]],
    ['a user of every object', [basic('constructor:x')]],
    ['the prototype', [basic('__proto__:x')]],
    ['no colon', [basic('alice')]],
    ['nothing after the scheme', ['Basic']],
    ['no base64', ['Basic alice:se:cret']],
    ['base64 with white space within', [`Basic ${basic('alice:se:cret').slice(6).replace('U', 'U ')}`]],
    ['bytes that are not UTF-8', [basic(new Uint8Array([0x61, 0x3a, 0xff]))]],
    ['a control character', [basic('alice:se\0cret')]],
    ['another scheme', [`Bearer ${basic('alice:se:cret').slice(6)}`]],
    ['two Authorization fields', [basic('alice:se:cret'), basic('alice:se:cret')]],
    ['a scheme that is no token', ['"Basic" x']],
  ])('refuses %s', async (_, authorization) => {
    const response = await ask(STAFF, ...authorization)
    expect(response.status).toBe(401)
    expect(response.all('www-authenticate')).toEqual(['Basic realm="Staff", charset="UTF-8"'])
    expect(response.body).not.toContain('alice')
  })

  test('guards every path below, also one that does not exist', async () => {
    const clients = new Clients(guard(tree(), STAFF))
    for (const path of ['/', '/a', '/a/b', '/none', '//a', '/a/%2e%2e'])
      expect((await clients.ask(path)).status).toBe(401)
    const headers = [`Authorization: ${basic('alice:se:cret')}`]
    expect((await clients.ask('/a/b', { headers })).body).toBe('b a/b')
    for (const method of ['HEAD', 'OPTIONS', 'PUT', 'BREW'])
      expect((await clients.ask('/a', { method })).status).toBe(401)
  })

  test('escapes the realm', async () => {
    const response = await ask({ realm: String.raw`a"b\c`, basic: () => false })
    expect(response.all('www-authenticate')).toEqual([String.raw`Basic realm="a\"b\\c", charset="UTF-8"`])
    expect(quotedString('"')).toBe(String.raw`"\""`)
  })

  test.each(['a\r\nSet-Cookie: b=c', 'a\0', 'ä', '', 'a\tb'])('refuses the realm %j', (realm) => {
    expect(() => guard(whoami, { realm, basic: () => true })).toThrow(
      /realm .* for guard: give a name in printable ASCII/,
    )
  })

  test('keeps the identity that a check returns', async () => {
    const check = async (user: string): Promise<{ name: string } | undefined> =>
      user === 'alice' ? { name: 'Alice' } : undefined
    const options = { realm: 'r', basic: check, identity: USER }
    expect((await ask(options, basic('alice:x'))).body).toBe('alice x Alice')
    expect((await ask(options, basic('bob:x'))).status).toBe(401)
  })

  test('checks bearer tokens, and states what is wrong as RFC 6750 does', async () => {
    const options = { realm: 'api', bearer: tokenCheck(['t1', 'long.token-2~+/==']) }
    expect((await ask(options, 'Bearer t1')).status).toBe(200)
    expect((await ask(options, 'bearer long.token-2~+/==')).status).toBe(200)
    const [none, wrong, malformed] = [
      await ask(options),
      await ask(options, 'Bearer t2'),
      await ask(options, 'Bearer t1, x=y'),
    ]
    expect([none.status, none.header('www-authenticate')]).toEqual([401, 'Bearer realm="api"'])
    expect([wrong.status, wrong.header('www-authenticate')]).toEqual([
      401,
      'Bearer realm="api", error="invalid_token"',
    ])
    expect([malformed.status, malformed.header('www-authenticate')]).toEqual([
      400,
      'Bearer realm="api", error="invalid_request"',
    ])
  })

  test('offers several schemes, in one field each, and others by an object', async () => {
    const other: AuthenticationScheme<unknown> = {
      scheme: 'Token',
      challenge: (_request, sent) => `Token realm="r"${sent === undefined ? '' : ', stale=true'}`,
      check: (value) => value === 'ok',
    }
    const options: GuardOptions<unknown> = {
      realm: 'r',
      basic: () => false,
      bearer: () => false,
      schemes: [other],
    }
    expect((await ask(options)).all('www-authenticate')).toEqual([
      'Basic realm="r", charset="UTF-8"',
      'Bearer realm="r"',
      'Token realm="r"',
    ])
    expect((await ask(options, 'TOKEN ok')).status).toBe(200)
    expect((await ask(options, 'Token no')).all('www-authenticate')[2]).toBe('Token realm="r", stale=true')
  })

  test('responds with the HTTPError of a check', async () => {
    const forbid = (): never => {
      throw HTTPError.withoutStack(403, 'Not yours')
    }
    expect((await ask({ realm: 'r', bearer: forbid }, 'Bearer t')).status).toBe(403)
  })

  test.each([
    ['throws', () => JSON.parse('{')],
    ['rejects', () => Promise.reject(new Error('database'))],
  ])('does not let in a request whose check %s', async (_, check) => {
    const clients = new Clients(guard(whoami, { realm: 'r', basic: check as never }))
    const response = await clients.ask('/', { headers: [`Authorization: ${basic('a:b')}`] })
    expect(response.status).toBe(500)
    expect(clients.reactor.flushLoggedErrors()).toHaveLength(1)
  })

  test('gives a check that hangs a deadline', async () => {
    const hang = (): Promise<boolean> => new Promise(() => undefined)
    const clients = new Clients(guard(whoami, { realm: 'r', basic: hang, checkTimeoutMs: 1_000 }))
    const pending = clients.begin('/', { headers: [`Authorization: ${basic('a:b')}`] })
    await clients.reactor.settle()
    clients.reactor.advance(1_200)
    expect((await pending.received()).status).toBe(503)
    expect(String(clients.reactor.flushLoggedErrors()[0])).toContain('within 1000 ms')
  })

  test('asks for no part of the body of a request that it refuses', async () => {
    const clients = new Clients(guard(whoami, STAFF))
    const pending = clients.begin('/', {
      method: 'POST',
      headers: ['Expect: 100-continue', 'Content-Length: 9'],
    })
    expect((await pending.received()).status).toBe(401)
    expect(pending.transport.value()).not.toContain('100 Continue')
  })

  test('does not render for a client that has left during the check', async () => {
    let admit: ((is: boolean) => void) | undefined
    const check = (): Promise<boolean> => new Promise((resolve) => (admit = resolve))
    const rendered: string[] = []
    const clients = new Clients(
      guard(
        responding(({ path }) => (rendered.push(path), 'x')),
        { realm: 'r', basic: check },
      ),
    )
    const pending = clients.begin('/', { headers: [`Authorization: ${basic('a:b')}`] })
    await clients.reactor.settle()
    pending.leave()
    admit?.(true)
    await clients.reactor.settle()
    expect(rendered).toEqual([])
  })

  test.each([
    [{}, 'Cannot take realm undefined for guard'],
    [{ realm: 'r' }, 'Cannot guard without a check: give basic, bearer or schemes'],
    [{ realm: 'r', basic: 'x' }, 'Cannot take basic "x" for guard: give a function'],
    [{ realm: 'r', schemes: [{}] }, 'give an object with scheme, challenge and check'],
    [{ realm: 'r', basc: () => true }, 'did you mean basic?'],
    [{ realm: 'r', basic: () => true, checkTimeoutMs: 0 }, 'checkTimeoutMs'],
  ])('refuses the options %j', (options, message) => {
    expect(() => guard(whoami, options as never)).toThrow(message)
  })
})
