import type { TLSContext } from '@ropewalk/core/tls'
import { describe, expect, test } from 'vitest'
import { originPolicy, type OriginPolicy } from '../../src/handshake/origin-policy.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { ManyClients } from '../many-clients.ts'
import { openTLS } from '../open-tls.ts'
import { handshake, SiteExchange } from '../websocket-exchange.ts'

class Silent extends WebSocketProtocol {}

async function statusFor(
  origins: OriginPolicy,
  origin: string | undefined,
  host: string = 'good.com',
  tls?: TLSContext,
): Promise<number> {
  const exchange = new SiteExchange(WebSocketResource.forProtocol(Silent, { origins }), tls)
  await exchange.reactor.settle()
  await exchange.send(handshake({ Host: host, Origin: origin }))
  return Number((await exchange.received()).toString().slice(9, 12))
}

describe('checkOrigin', () => {
  test('by default accepts pages of the same host and port, and clients without an Origin', async () => {
    for (const [origin, host] of [
      ['http://good.com', 'good.com'],
      ['https://good.com', 'good.com'],
      ['http://GOOD.com:80', 'good.COM'],
      ['http://good.com:81', 'good.com:81'],
      ['https://good.com', 'good.com:443'],
      ['http://[::1]:8080', '[::1]:8080'],
      [undefined, 'good.com'],
    ] as const) {
      expect(await statusFor('same', origin, host), origin).toBe(101)
    }
  })

  test('refuses all other origins with 403 (autobahn #691, CVE-2026-27977)', async () => {
    for (const origin of [
      'http://evil.com',
      'http://evil-good.com',
      'http://good.com.evil',
      'http://good.com:81',
      'null',
      '',
      'good.com',
      'ws://good.com',
      'http://good.com/',
      'http://user@good.com',
      'http://good.com.',
      'file://',
      'http://good.com http://evil.com',
      'http://good.com\r\nOrigin: http://evil.com',
    ]) {
      expect(await statusFor('same', origin), origin).toBe(403)
    }
  })

  test('under TLS accepts only https pages of the same host and port', async () => {
    for (const [origin, host, status] of [
      ['https://good.com', 'good.com', 101],
      ['https://good.com', 'good.com:443', 101],
      ['https://good.com:443', 'good.com', 101],
      ['https://good.com:9130', 'good.com:9130', 101],
      ['https://[::1]:8443', '[::1]:8443', 101],
      [undefined, 'good.com', 101],
      ['http://good.com', 'good.com', 403],
      ['http://good.com', 'good.com:80', 403],
      ['http://good.com:443', 'good.com', 403],
      ['http://good.com:443', 'good.com:443', 403],
      ['http://good.com:9130', 'good.com:9130', 403],
      ['https://good.com', 'good.com:80', 403],
      ['https://good.com:9130', 'good.com', 403],
      ['wss://good.com', 'good.com', 403],
      ['null', 'good.com', 403],
    ] as const) {
      expect(await statusFor('same', origin, host, openTLS), `${origin} at ${host}`).toBe(status)
    }
  })

  test('without TLS accepts https pages too, because a proxy may terminate their TLS', async () => {
    for (const [origin, host, status] of [
      ['https://good.com', 'good.com', 101],
      ['https://good.com:9130', 'good.com:9130', 101],
      ['http://good.com', 'good.com:80', 101],
      ['https://good.com', 'good.com:80', 403],
      ['http://good.com', 'good.com:443', 403],
      ['http://good.com:443', 'good.com', 403],
    ] as const) {
      expect(await statusFor('same', origin, host), `${origin} at ${host}`).toBe(status)
    }
  })

  test('under TLS accepts http origins of a list, and any origin for any', async () => {
    expect(await statusFor(['http://app.example'], 'http://app.example', 'good.com', openTLS)).toBe(101)
    expect(await statusFor('any', 'http://evil.com', 'good.com', openTLS)).toBe(101)
  })

  test('compares origins literally with a list, and accepts every origin for any', async () => {
    const list = ['https://app.example', 'null']
    expect(await statusFor(list, 'https://app.example')).toBe(101)
    expect(await statusFor(list, 'null')).toBe(101)
    expect(await statusFor(list, 'http://app.example')).toBe(403)
    expect(await statusFor(list, 'https://app.example.evil')).toBe(403)
    expect(await statusFor('any', 'http://evil.com')).toBe(101)
  })
})

describe('checkOrigin, with a wildcard', () => {
  const LIST = ['https://*.example.org', 'http://*.localhost:3000']

  test('accepts every host below, with the same scheme and port', async () => {
    for (const origin of [
      'https://a.example.org',
      'https://a.b.example.org',
      'https://xn--mnchen-3ya.example.org',
      'https://a_b-c.example.org',
      'http://tenant.localhost:3000',
    ])
      expect(await statusFor(LIST, origin), origin).toBe(101)
  })

  test('refuses everything else (autobahn #691)', async () => {
    for (const origin of [
      'https://example.org',
      'https://.example.org',
      'https://*.example.org',
      'https://..example.org',
      'https://a..example.org',
      'http://a.example.org',
      'wss://a.example.org',
      'https://a.example.org:8443',
      'https://a.example.org:443',
      'https://a.example.org.',
      'https://a.example.org.evil.com',
      'https://evil-example.org',
      'https://evil.com/.example.org',
      'https://evil.com?.example.org',
      'https://evil.com#.example.org',
      'https://evil.com@a.example.org',
      'https://evil.com:1.example.org',
      'https://evil.com\\.example.org',
      'https://evil.com%2f.example.org',
      'https://a b.example.org',
      'https://A.example.org',
      'https://a.EXAMPLE.org',
      'HTTPS://a.example.org',
      'http://tenant.localhost',
      'http://localhost:3000',
      'null',
      '',
    ])
      expect(await statusFor(LIST, origin), origin).toBe(403)
  })

  test('takes as long for an origin of many labels as for one of few', async () => {
    const long = `https://${'a.'.repeat(3_500)}!.example.org`
    const before = performance.now()
    expect(await statusFor(LIST, long)).toBe(403)
    expect(performance.now() - before).toBeLessThan(1_000)
  })
})

describe('checkOrigin, with a function', () => {
  test('accepts the origins for which it returns true, and gives it the request', async () => {
    const asked: string[] = []
    const policy: OriginPolicy = (origin, request) => {
      asked.push(`${origin} at ${request.getRequestHostname()}`)
      return origin === 'https://app.example'
    }
    expect(await statusFor(policy, 'https://app.example')).toBe(101)
    expect(await statusFor(policy, 'https://evil.com')).toBe(403)
    expect(await statusFor(policy, 'null')).toBe(403)
    expect(await statusFor(policy, undefined)).toBe(101)
    expect(await statusFor(policy, 'https://app.example\r\nOrigin: https://app.example')).toBe(403)
    expect(asked).toEqual(
      ['https://app.example', 'https://evil.com', 'null'].map((one) => `${one} at good.com`),
    )
  })

  test('responds with 500 when it throws, or returns a promise or another value that counts as true', async () => {
    const faults: readonly (() => unknown)[] = [
      () => Promise.resolve(true),
      () => Promise.reject(new Error('late')),
      () => 1,
      () => 'false',
      () => undefined,
      () => {
        throw new Error('fault')
      },
    ]
    for (const fault of faults) expect(await statusFor(fault as () => boolean, 'https://evil.com')).toBe(500)
  })
})

describe('checkOrigin, behind a proxy', () => {
  async function statusBehind(forwarded: Record<string, string>, origin: string, trusted: boolean) {
    const resource = WebSocketResource.forProtocol(Silent)
    const clients = new ManyClients(resource, { trustedProxies: trusted ? ['192.168.1.1'] : [] })
    return (await clients.asking({ Host: 'good.com', Origin: origin, ...forwarded })).status
  }

  test('compares the scheme that a trusted proxy states', async () => {
    const https = { 'X-Forwarded-Proto': 'https' }
    expect(await statusBehind(https, 'https://good.com', true)).toBe(101)
    expect(await statusBehind(https, 'http://good.com', true)).toBe(403)
    expect(await statusBehind({ Forwarded: 'for=192.0.2.1;proto=https' }, 'http://good.com', true)).toBe(403)
    expect(await statusBehind({ 'X-Forwarded-Proto': 'wss' }, 'http://good.com', true)).toBe(403)
    // A client that is no proxy cannot state it.
    expect(await statusBehind(https, 'http://good.com', false)).toBe(101)
  })

  test('compares the host that a trusted proxy states', async () => {
    const host = { Forwarded: 'for=192.0.2.1;proto=https;host=app.example' }
    expect(await statusBehind(host, 'https://app.example', true)).toBe(101)
    expect(await statusBehind(host, 'https://good.com', true)).toBe(403)
    expect(await statusBehind(host, 'https://app.example', false)).toBe(403)
  })
})

describe('the option hosts', () => {
  test('refuses a page that has bound its own name to this server (DNS rebinding)', async () => {
    const resource = WebSocketResource.forProtocol(Silent, {
      hosts: ['good.com', '*.good.com', '127.0.0.1:9000'],
    })
    for (const [host, status] of [
      ['good.com', 101],
      ['GOOD.com:80', 101],
      ['a.good.com', 101],
      ['127.0.0.1:9000', 101],
      ['127.0.0.1:9001', 421],
      ['evil.com', 421],
      ['good.com.evil.com', 421],
      ['evil-good.com', 421],
    ] as const) {
      const fields = { Host: host, Origin: `http://${host.toLowerCase()}` }
      expect((await new ManyClients(resource).asking(fields)).status, host).toBe(status)
    }
  })

  test('refuses at construction a host that cannot be read', () => {
    for (const hosts of [['https://good.com'], ['good.com/'], ['']])
      expect(() => WebSocketResource.forProtocol(Silent, { hosts })).toThrow(/host/)
    expect(() => WebSocketResource.forProtocol(Silent, { hosts: 'good.com' as never })).toThrow(TypeError)
  })
})

describe('originPolicy', () => {
  const wanted = (value: unknown): string | undefined => originPolicy(value)?.wanted

  test('accepts same, any, and lists of origins as clients send them', () => {
    for (const value of [
      'same',
      'any',
      [],
      ['https://example.org', 'http://localhost:3000', 'https://[::1]:8443', 'https://xn--mnchen-3ya.de'],
      ['http://example.org:443', 'https://example.org:80', 'http://127.0.0.1'],
      ['null', 'file://', 'capacitor://localhost', 'chrome-extension://abcdefgh', 'wss://example.org'],
    ])
      expect(originPolicy(value), JSON.stringify(value)).toBeUndefined()
  })

  test('refuses a string in place of a list, in which a substring would match', () => {
    for (const value of [
      'https://example.org',
      '',
      'Same',
      'null',
      5,
      null,
      {},
      new Set(['https://example.org']),
    ])
      expect(originPolicy(value)).toEqual({
        kind: 'type',
        wanted: "'same', 'any', a list such as ['https://example.org'], or a function",
      })
  })

  test('refuses entries that no browser sends, and suggests the spelling of browsers', () => {
    for (const [entry, spelling] of [
      ['https://example.org/', 'https://example.org'],
      ['https://example.org/chat?a#b', 'https://example.org'],
      ['https://Example.org', 'https://example.org'],
      ['HTTPS://example.org', 'https://example.org'],
      ['https://example.org:443', 'https://example.org'],
      ['http://example.org:80', 'http://example.org'],
      ['https://example.org:', 'https://example.org'],
      ['https://user@example.org', 'https://example.org'],
      ['https://münchen.de', 'https://xn--mnchen-3ya.de'],
      ['https://example.org:08443', 'https://example.org:8443'],
      [' https://example.org', 'https://example.org'],
      ['example.org', 'https://example.org'],
      ['example.org:8443', 'https://example.org:8443'],
      ['example.org/', 'https://example.org'],
    ])
      expect(originPolicy(['https://fine.example', entry]), entry).toEqual({
        kind: 'range',
        wanted: `'${spelling}', as browsers send it`,
        at: '[1]',
        found: entry,
      })
  })

  test('refuses entries that are not an origin', () => {
    for (const entry of [
      '',
      'https://',
      'a b',
      'https://example.org:99999',
      'Capacitor://localhost',
      'app://a/b',
    ])
      expect(wanted([entry]), entry).toBe("an origin, such as 'https://example.org'")
    expect(originPolicy([5])).toMatchObject({ kind: 'type', found: 5 })
    expect(originPolicy([['https://example.org']])).toMatchObject({ kind: 'type' })
  })

  test('accepts functions, and wildcards for the labels below a domain', () => {
    for (const value of [
      () => true,
      [
        'https://*.example.org',
        'http://*.a.example.org:8080',
        'http://*.localhost',
        'http://*.localhost:3000',
      ],
    ])
      expect(originPolicy(value)).toBeUndefined()
  })

  test('refuses a star elsewhere, more than one, and one for a top-level domain', () => {
    for (const entry of [
      'https://*',
      'https://*.org',
      'https://*.org:8443',
      'https://*.*.example.org',
      'https://a*.example.org',
      'https://a.*.example.org',
      'https://example.*',
      '*.example.org',
      '*://a.example.org',
      'capacitor://*.example.org',
      'https://*.127.0.0.1',
      'https://*.example.org:99999',
    ])
      expect(wanted([entry]), entry).toMatch(/^'https:\/\/\*\.example\.org', with one star/)
    for (const [entry, spelling] of [
      ['https://*.Example.org', 'https://*.example.org'],
      ['https://*.example.org/', 'https://*.example.org'],
      ['https://*.example.org:443', 'https://*.example.org'],
    ] as const)
      expect(wanted([entry]), entry).toBe(`'${spelling}', as browsers send it`)
  })

  test('refuses *, any and same inside a list', () => {
    expect(wanted(['*'])).toMatch(/or 'any' in place of the list$/)
    expect(wanted(['any'])).toMatch(/or 'any' in place of the list$/)
    expect(wanted(['same'])).toMatch(/or 'same' in place of the list$/)
  })
})
