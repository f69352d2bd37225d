import { describe, expect, test } from 'vitest'
import { NameVirtualHost } from '../../src/resources.ts'
import { Clients, responding } from './client.ts'

const named = (name: string) => responding(({ postpath }) => [name, ...postpath].join(' ').trim())

function hosts(fallback = true): Clients {
  const vhosts = new NameVirtualHost(fallback ? named('default') : undefined)
  for (const name of ['example.org', '*.example.org', '*.a.example.org', 'x.a.example.org', 'Bücher.example'])
    vhosts.addHost(name, named(name))
  for (const name of ['192.0.2.1', '[2001:DB8:0::1]', '*.münchen.example']) vhosts.addHost(name, named(name))
  return new Clients(vhosts)
}

async function served(host: string, clients = hosts()): Promise<string> {
  const { status, body } = await clients.ask('/p/q', { headers: [`Host: ${host}`] })
  return status === 200 ? body : String(status)
}

describe('NameVirtualHost', () => {
  test.each([
    ['example.org', 'example.org'],
    ['EXAMPLE.org', 'example.org'],
    ['example.org:8080', 'example.org'],
    ['example.org.', 'example.org'],
    ['www.example.org', '*.example.org'],
    ['w.w.example.org:1', '*.example.org'],
    ['y.a.example.org', '*.a.example.org'],
    ['x.a.example.org', 'x.a.example.org'],
    ['a.example.org', '*.example.org'],
    ['xn--bcher-kva.example', 'Bücher.example'],
    ['XN--BCHER-KVA.EXAMPLE', 'Bücher.example'],
    ['www.xn--mnchen-3ya.example', '*.münchen.example'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['[2001:db8::1]:80', '[2001:DB8:0::1]'],
    ['[2001:db8:0:0::1]', '[2001:DB8:0::1]'],
    ['[2001:db8::2]', 'default'],
    ['evilexample.org', 'default'],
    ['example.org.evil', 'default'],
    ['*.example.org', '*.example.org'],
    ['1.192.0.2.1', 'default'],
  ])('serves %s by %s', async (host, name) => {
    expect(await served(host)).toBe(`${name} p q`)
  })

  test('responds with 421 to an unknown host without a default', async () => {
    expect(await served('other.example', hosts(false))).toBe('421')
    expect(await served('[::1]', hosts(false))).toBe('421')
  })

  test('serves a request without Host by the default', async () => {
    const vhosts = new NameVirtualHost()
    vhosts.default = named('default')
    const clients = new Clients(vhosts)
    expect((await clients.ask('/', { headers: ['Host:'] })).body).toBe('default')
  })

  test('replaces and removes hosts', async () => {
    const vhosts = new NameVirtualHost()
    vhosts.addHost('a.example', named('one'))
    vhosts.addHost('A.example.', named('two'))
    const clients = new Clients(vhosts)
    expect(await served('a.example', clients)).toBe('two p q')
    vhosts.removeHost('a.example')
    expect(await served('a.example', clients)).toBe('421')
  })

  test.each([
    'https://example.org',
    'example.org:80',
    'example.org/x',
    '',
    '*',
    '*.',
    '*.192.0.2.1',
    'a b',
    'a\r\nb',
    'ex*mple.org',
    7,
  ])('refuses the name %j', (name) => {
    expect(() => new NameVirtualHost().addHost(name as string, named('x'))).toThrow(
      /as a host for addHost: give a host without scheme and port/,
    )
  })

  test('refuses what is no resource', () => {
    expect(() => new NameVirtualHost().addHost('a.example', {} as never)).toThrow(TypeError)
    expect(() => new NameVirtualHost('x' as never)).toThrow(TypeError)
  })
})
