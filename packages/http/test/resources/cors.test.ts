import { describe, expect, test } from 'vitest'
import { cors, type CORSOptions, guard } from '../../src/resources.ts'
import type { Resource } from '../../src/site/resource.ts'
import { Clients, type Received, responding } from './client.ts'

const APP = 'https://app.example.org'
const hello = responding((request) => {
  request.setHeader('Vary', 'Accept')
  return 'hello'
})

async function asked(
  options: CORSOptions,
  origin: string | undefined,
  more: { method?: string; headers?: string[]; root?: Resource } = {},
): Promise<Received> {
  const { method = 'GET', headers = [], root = hello } = more
  const origins = origin === undefined ? [] : [`Origin: ${origin}`]
  return new Clients(cors(root, options)).ask('/', { method, headers: [...origins, ...headers] })
}

const PREFLIGHT = { method: 'OPTIONS', headers: ['Access-Control-Request-Method: PUT'] }
const allowed = (response: Received): string | undefined => response.header('access-control-allow-origin')

describe('cors', () => {
  test('allows a listed origin, with Vary', async () => {
    const response = await asked({ origins: [APP] }, APP)
    expect(allowed(response)).toBe(APP)
    expect(response.all('vary')).toEqual(['Accept', 'Origin'])
    expect(response.header('access-control-allow-credentials')).toBeUndefined()
  })

  test.each([
    ['no origin', undefined],
    ['another origin', 'https://evil.example'],
    ['another scheme', 'http://app.example.org'],
    ['another port', 'https://app.example.org:8443'],
    ['a longer name', 'https://app.example.org.evil.example'],
    ['a prefix', 'https://evilapp.example.org'],
    ['null', 'null'],
    ['another case', 'https://APP.example.org'],
    ['a path', 'https://app.example.org/'],
    ['two origins', `${APP} ${APP}`],
  ])('does not allow %s, but varies by origin', async (_, origin) => {
    const response = await asked({ origins: [APP], credentials: true }, origin)
    expect([response.status, response.body]).toEqual([200, 'hello'])
    expect(allowed(response)).toBeUndefined()
    expect(response.header('access-control-allow-credentials')).toBeUndefined()
    expect(response.all('vary')).toContain('Origin')
  })

  test('allows every origin with *, which is the same for all', async () => {
    const response = await asked({ origins: '*' }, 'https://any.example')
    expect(allowed(response)).toBe('*')
    expect(response.all('vary')).toEqual(['Accept'])
  })

  test.each([
    ['https://a.example.org', true],
    ['https://a.b.example.org', true],
    ['https://example.org', false],
    ['https://aexample.org', false],
    ['http://a.example.org', false],
    ['https://evil.example/.example.org', false],
    ['https://evil.example#.example.org', false],
    ['https://user@a.example.org', false],
  ])('matches %s against a wildcard: %s', async (origin, is) => {
    expect(allowed(await asked({ origins: ['https://*.example.org'] }, origin))).toBe(is ? origin : undefined)
  })

  test('asks a function, whose promise is no permission', async () => {
    const origins = (origin: string): boolean => origin.endsWith('.test')
    expect(allowed(await asked({ origins }, 'http://x.test'))).toBe('http://x.test')
    expect(allowed(await asked({ origins }, 'http://x.example'))).toBeUndefined()
    const later = (() => Promise.resolve(false)) as never
    expect(allowed(await asked({ origins: later }, 'http://x.test'))).toBeUndefined()
  })

  test('sends credentials and exposed headers to an allowed origin', async () => {
    const options = { origins: [APP], credentials: true, exposeHeaders: ['X-Total', 'ETag'] }
    const response = await asked(options, APP)
    expect(response.header('access-control-allow-credentials')).toBe('true')
    expect(response.header('access-control-expose-headers')).toBe('X-Total, ETag')
  })

  test('responds to a preflight itself', async () => {
    const root = guard(hello, { realm: 'r', basic: () => false })
    const response = await asked({ origins: [APP], methods: ['PUT'], allowHeaders: ['X-A', 'X-B'] }, APP, {
      ...PREFLIGHT,
      root,
    })
    expect([response.status, response.body, allowed(response)]).toEqual([204, '', APP])
    expect(response.header('access-control-allow-methods')).toBe('PUT')
    expect(response.header('access-control-allow-headers')).toBe('X-A, X-B')
    expect(response.header('access-control-max-age')).toBe('600')
    expect(response.all('vary').toSorted()).toEqual([
      'Access-Control-Request-Headers',
      'Access-Control-Request-Method',
      'Origin',
    ])
  })

  test('refuses the preflight of another origin', async () => {
    const response = await asked({ origins: [APP] }, 'https://evil.example', PREFLIGHT)
    expect([response.status, allowed(response)]).toEqual([403, undefined])
    expect(response.header('access-control-allow-methods')).toBeUndefined()
    expect(response.all('vary')).toContain('Origin')
  })

  test('passes OPTIONS that is no preflight to the resource', async () => {
    const response = await asked({ origins: [APP] }, APP, { method: 'OPTIONS' })
    expect(response.header('allow')).toBe('GET, POST, HEAD, OPTIONS')
    expect(allowed(response)).toBe(APP)
  })

  test('adds its headers to error pages', async () => {
    const root = guard(hello, { realm: 'r', basic: () => false })
    const response = await asked({ origins: [APP], credentials: true }, APP, { root })
    expect([response.status, allowed(response)]).toEqual([401, APP])
    expect(response.header('www-authenticate')).toContain('Basic')
    expect(response.header('access-control-allow-credentials')).toBe('true')
  })

  test('allows the null origin only when listed', async () => {
    expect(allowed(await asked({ origins: ['null'] }, 'null'))).toBe('null')
  })

  test.each([
    [{ origins: '*', credentials: true }, 'any page could act for the user'],
    [{ origins: ['null'], credentials: true }, 'any page could act for the user'],
    [{ origins: ['*'] }, 'give an origin in lower case without a path'],
    [{ origins: ['https://app.example.org/'] }, 'give an origin in lower case without a path'],
    [{ origins: ['app.example.org'] }, 'give an origin'],
    [{ origins: ['https://*'] }, 'give an origin'],
    [{ origins: APP }, "give a list of origins, '*' or a function"],
    [{}, 'Cannot take origins undefined for cors'],
    [{ origins: [APP], allowHeaders: ['*'] }, 'not *'],
    [{ origins: [APP], exposeHeaders: ['X\r\nSet-Cookie: a'] }, 'give a token'],
    [{ origins: [APP], origin: APP }, 'did you mean origins?'],
  ])('refuses the options %j', (options, message) => {
    expect(() => cors(hello, options as never)).toThrow(message)
  })
})
