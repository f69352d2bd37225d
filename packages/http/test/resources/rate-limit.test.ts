import { tcpAddress, unixAddress } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { rateLimit } from '../../src/resources.ts'
import { Clients, responding } from './client.ts'

const hello = responding(() => 'hello')

describe('rateLimit', () => {
  test('refuses requests beyond the burst with 429 and Retry-After, until time has passed', async () => {
    const clients = new Clients(rateLimit(hello, { perSecond: 0.1, burst: 2 }))
    const statuses = [await clients.ask('/'), await clients.ask('/'), await clients.ask('/x')]
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(statuses[2]?.header('retry-after')).toBe('10')
    clients.reactor.advance(9_999)
    const early = await clients.ask('/')
    expect([early.status, early.header('retry-after')]).toEqual([429, '1'])
    clients.reactor.advance(1)
    expect((await clients.ask('/')).status).toBe(200)
    expect((await clients.ask('/')).status).toBe(429)
  })

  test('counts a client by its address, and an IPv6 /64 as one client', async () => {
    const clients = new Clients(rateLimit(hello, { perSecond: 1 }))
    const from = async (host: string): Promise<number> =>
      (await clients.ask('/', { from: tcpAddress(host, 1) })).status
    expect([await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([
      200, 429, 200,
    ])
    expect([await from('2001:db8::1'), await from('2001:db8::ffff:1')]).toEqual([200, 429])
    expect(await from('2001:db8:0:1::1')).toBe(200)
    const unix = { from: unixAddress('') }
    expect([(await clients.ask('/', unix)).status, (await clients.ask('/', unix)).status]).toEqual([200, 429])
  })

  test('counts by the key of a function; a request without a key has no limit', async () => {
    const clients = new Clients(rateLimit(hello, { perSecond: 1, key: (it) => it.getHeader('x-key') }))
    const ask = async (key?: string): Promise<number> =>
      (await clients.ask('/', { headers: key === undefined ? [] : [`X-Key: ${key}`] })).status
    expect([await ask('a'), await ask('a'), await ask('b')]).toEqual([200, 429, 200])
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 200])
    // Longer than what is kept of a key.
    const long = 'k'.repeat(8_000)
    expect([await ask(`${long}1`), await ask(`${long}2`), await ask(`${long}1`)]).toEqual([200, 200, 429])
  })

  test('forgets the least recently used key beyond maxKeys', async () => {
    const clients = new Clients(rateLimit(hello, { perSecond: 1, maxKeys: 2, key: (it) => it.path }))
    const ask = async (path: string): Promise<number> => (await clients.ask(path)).status
    expect([await ask('/a'), await ask('/b'), await ask('/a')]).toEqual([200, 200, 429])
    expect([await ask('/c'), await ask('/a'), await ask('/b')]).toEqual([200, 429, 200])
  })

  test.each([
    [{}, TypeError],
    [{ perSecond: 0 }, RangeError],
    [{ perSecond: Number.NaN }, RangeError],
    [{ perSecond: 1, burst: 0.5 }, RangeError],
    [{ perSecond: 1, maxKeys: 0 }, RangeError],
    [{ perSecond: 1, key: 'ip' }, TypeError],
    [{ perSecond: 1, max: 3 }, TypeError],
  ])('refuses the options %j', (options, error) => {
    expect(() => rateLimit(hello, options as never)).toThrow(error)
  })
})
