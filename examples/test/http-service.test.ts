import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requestFrom, type TestRequest } from '@ropewalk/http/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { site } from '../http-service.ts'
import { ExampleProcess } from './example-process.ts'
import { hasCurl } from './other-clients.ts'

const run = promisify(execFile)
const NAMELESS = 'Send JSON: { "name": string }'

describe('http-service, in memory', () => {
  const asked = async (request: TestRequest): Promise<readonly unknown[]> => {
    const { status, headers, text } = await requestFrom(site, request)
    return [status, headers.get('content-type'), text]
  }

  test('keeps items', async () => {
    expect(await asked({ path: '/items' })).toEqual([200, JSON_TYPE, '[]'])
    expect(await asked({ path: '/items', json: { name: 'tea' } })).toEqual([
      201,
      JSON_TYPE,
      '{"id":1,"name":"tea"}',
    ])
    expect(await asked({ path: '/items', json: { name: '' } })).toEqual([
      201,
      JSON_TYPE,
      '{"id":2,"name":""}',
    ])
    expect(await asked({ path: '/items/1' })).toEqual([200, JSON_TYPE, '{"id":1,"name":"tea"}'])
    expect((await requestFrom(site, { path: '/items' })).json()).toEqual([
      { id: 1, name: 'tea' },
      { id: 2, name: '' },
    ])
  })

  test.each<[string, TestRequest, number, string]>([
    ['a name that is no string', { json: { name: 1 } }, 400, NAMELESS],
    ['no name', { json: {} }, 400, NAMELESS],
    ['null', { json: null }, 400, NAMELESS],
    ['an array', { json: ['tea'] }, 400, NAMELESS],
    ['no JSON', { body: '{', headers: { 'Content-Type': 'application/json' } }, 400, 'Cannot read'],
    [
      'another type',
      { body: '{"name":"tea"}', headers: { 'Content-Type': 'text/plain' } },
      415,
      'Cannot read JSON from text/plain: send application/json',
    ],
    ['no type', { body: '{"name":"tea"}' }, 415, 'application/json'],
    ['no body', { method: 'POST' }, 415, 'application/json'],
    ['a body of more than 4096 bytes', { json: { name: 'a'.repeat(4096) } }, 413, '4096 bytes'],
    [
      'a body in chunks of more than 4096 bytes',
      { body: ['"', 'a'.repeat(4096), '"'], headers: { 'Content-Type': 'application/json' } },
      413,
      '4096 bytes',
    ],
  ])('refuses an item from %s, with a JSON error', async (_what, request, status, error) => {
    const response = await requestFrom(site, { path: '/items', ...request })
    expect([response.status, response.json()]).toEqual([status, { error: expect.stringContaining(error) }])
  })

  test('has a JSON error for an item that does not exist, and for another method', async () => {
    expect(await asked({ path: '/items/999' })).toEqual([404, JSON_TYPE, '{"error":"There is no such item"}'])
    expect(await asked({ path: '/items', method: 'DELETE' })).toEqual([
      405,
      JSON_TYPE,
      '{"error":"Method Not Allowed"}',
    ])
  })

  test('keeps the name of a user in a session', async () => {
    expect((await requestFrom(site, { path: '/me' })).status).toBe(403)
    const login = await requestFrom(site, { path: '/login', body: new URLSearchParams({ name: '<Ada>' }) })
    expect([login.status, login.headers.get('location')]).toEqual([303, '/me'])
    const [cookie = '', ...attributes] = login.headers.get('set-cookie')?.split('; ') ?? []
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Lax', 'Path=/']))
    expect(await asked({ path: '/me', headers: { Cookie: cookie } })).toEqual([200, TEXT_TYPE, '<Ada>'])
    // The signature is wrong.
    expect((await requestFrom(site, { path: '/me', headers: { Cookie: `${cookie}x` } })).status).toBe(403)
  })

  test('gives a session a new id at each login', async () => {
    const login = async (cookie: string): Promise<string> => {
      const headers = { Cookie: cookie }
      const response = await requestFrom(site, {
        path: '/login',
        body: new URLSearchParams({ name: 'Ada' }),
        headers,
      })
      return response.headers.get('set-cookie')?.split(';')[0] ?? ''
    }
    const first = await login('')
    const second = await login(first)
    expect(second).not.toBe(first)
    expect((await requestFrom(site, { path: '/me', headers: { Cookie: first } })).status).toBe(403)
    expect((await requestFrom(site, { path: '/me', headers: { Cookie: second } })).text).toBe('Ada')
  })

  test('refuses a login without a name', async () => {
    expect((await requestFrom(site, { path: '/login', body: new URLSearchParams() })).status).toBe(400)
    expect((await requestFrom(site, { path: '/login', json: { name: 'Ada' } })).status).toBe(415)
  })

  test('serves files, and nothing outside of their directory', async () => {
    const defaults = await readFile(new URL('../../docs/defaults.md', import.meta.url), 'utf8')
    expect((await requestFrom(site, { path: '/files/defaults.md' })).text).toBe(defaults)
    expect((await requestFrom(site, { path: '/files/' })).text).toContain('defaults.md')
    for (const path of ['/files/../package.json', '/files/%2e%2e/package.json', '/files/..%2fpackage.json'])
      expect((await requestFrom(site, { path })).status).toBe(404)
  })
})

describe('http-service, on a socket', () => {
  let example: ExampleProcess
  let directory: string
  beforeAll(async () => {
    example = await ExampleProcess.start('http-service')
    directory = await mkdtemp(join(tmpdir(), 'http-service-'))
  })
  afterAll(async () => {
    await rm(directory, { recursive: true })
    await example.finish()
  })

  const curl = async (...args: readonly string[]): Promise<string> => {
    const path = args.at(-1) ?? ''
    const options = args.slice(0, -1)
    return (await run('curl', ['-sS', ...options, `http://127.0.0.1:${example.port}${path}`])).stdout
  }

  test.skipIf(!hasCurl)('responds to curl', async () => {
    const type = ['-H', 'Content-Type: application/json']
    expect(await curl(...type, '-d', '{"name":"tea"}', '/items')).toBe('{"id":1,"name":"tea"}')
    expect(await curl('/items')).toBe('[{"id":1,"name":"tea"}]')
    expect(await curl('-w', ' %{http_code}', ...type, '-d', '{"name":1}', '/items')).toBe(
      String.raw`{"error":"Send JSON: { \"name\": string }"} 400`,
    )
    expect(await curl('/items/1')).toBe('{"id":1,"name":"tea"}')
    const files = await curl('/files/defaults.md')
    expect(files).toBe(await readFile(new URL('../../docs/defaults.md', import.meta.url), 'utf8'))
    const jar = join(directory, 'cookies')
    expect(await curl('-L', '-c', jar, '-b', jar, '-d', 'name=Ada', '/login')).toBe('Ada')
    expect(await curl('-b', jar, '/me')).toBe('Ada')
  })

  test('responds to fetch', async () => {
    const url = `http://127.0.0.1:${example.port}`
    const body = new URLSearchParams({ name: 'Grace' })
    const login = await fetch(`${url}/login`, { method: 'POST', body, redirect: 'manual' })
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect(await (await fetch(`${url}/me`, { headers: { cookie } })).text()).toBe('Grace')
  })
})

const JSON_TYPE = 'application/json'
const TEXT_TYPE = 'text/plain; charset=utf-8'
