import { tcpAddress } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { HTTPFactory } from '../../src/server/http-factory.ts'
import type { Request } from '../../src/server/request.ts'
import { connectTo } from './site-connection.ts'

class Serving extends HTTPFactory {
  override process(request: Request): void {
    request.finish('served')
  }
}

function statusOf(hosts: readonly string[], head: string): number {
  const transport = connectTo(new Serving({ hosts }))
  transport.receive(`${head}\r\n\r\n`)
  return Number(transport.value().slice(9, 12))
}

const HOSTS = ['example.org', '*.example.org', 'admin.example.com:8443', '[::1]', '192.0.2.1']

describe('AllowedHosts', () => {
  test('serves the hosts that are listed, and refuses any other with 421', () => {
    for (const [host, status] of [
      ['example.org', 200],
      ['EXAMPLE.org:8080', 200],
      ['a.example.org', 200],
      ['a.b.example.org:1', 200],
      ['admin.example.com:8443', 200],
      ['admin.example.com', 421],
      ['admin.example.com:443', 421],
      ['[::1]', 200],
      ['[::1]:80', 200],
      ['192.0.2.1:80', 200],
      ['evil.org', 421],
      ['evilexample.org', 421],
      ['example.org.evil.org', 421],
      ['.example.org', 421],
      ['example.org.', 421],
      ['', 421],
      ['127.0.0.1', 421],
      ['bad host', 400],
    ] as const)
      expect(statusOf(HOSTS, `GET / HTTP/1.1\r\nHost: ${host}`), host).toBe(status)
    expect(statusOf(HOSTS, 'GET / HTTP/1.0')).toBe(421)
    expect(statusOf(HOSTS, 'GET http://evil.org/ HTTP/1.1\r\nHost: example.org')).toBe(421)
    expect(statusOf(HOSTS, 'GET http://example.org/ HTTP/1.1\r\nHost: evil.org')).toBe(200)
    expect(statusOf(['*.a.org:81'], 'GET / HTTP/1.1\r\nHost: b.a.org:81')).toBe(200)
    expect(statusOf(['*.a.org:81'], 'GET / HTTP/1.1\r\nHost: b.a.org')).toBe(421)
    expect(statusOf([], 'GET / HTTP/1.1\r\nHost: a')).toBe(421)
  })

  test('keeps the connection after a refusal, and looks at the host that a trusted proxy states', () => {
    const options = { hosts: ['a.org'], trustedProxies: ['10.0.0.1'] }
    const transport = connectTo(new Serving(options), tcpAddress('10.0.0.1', 1))
    transport.receive('GET / HTTP/1.1\r\nHost: in\r\n\r\n')
    transport.receive('GET / HTTP/1.1\r\nHost: in\r\nForwarded: host=a.org\r\n\r\n')
    transport.receive('GET / HTTP/1.1\r\nHost: a.org\r\nForwarded: host=evil.org\r\n\r\n')
    expect(transport.value().match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 421',
      'HTTP/1.1 200',
      'HTTP/1.1 421',
    ])
  })

  test('refuses a host that cannot be read', () => {
    for (const wrong of [
      '*',
      '*.',
      'a/b',
      'a b',
      '*.*.a',
      'a*',
      '::1',
      'http://a',
      'a:',
      ':80',
      '*.[::1]',
      'a%20b',
    ])
      expect(() => new Serving({ hosts: [wrong] }), wrong).toThrow(
        `Cannot respond for the host ${JSON.stringify(wrong)}: give 'example.org'`,
      )
    expect(() => new Serving({ hosts: 'a.org' as never })).toThrow('give a list')
  })
})
