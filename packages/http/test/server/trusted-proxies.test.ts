import { type Address, tcpAddress } from '@ropewalk/core'
import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { TrustedProxies } from '../../src/server/trusted-proxies.ts'
import { HTTPFactory, type HTTPFactoryOptions } from '../../src/server/http-factory.ts'
import type { Request } from '../../src/server/request.ts'
import { connectTo, UNIX_PEER } from './site-connection.ts'

const PROXY = tcpAddress('10.0.0.1', 4000)

/** Responds with what the request states about its client. */
class Describing extends HTTPFactory {
  override process(request: Request): void {
    const client = request.getClientAddress()
    const from = client.type === 'UNIX' ? 'unix' : `${client.host} ${client.port}`
    request.finish(
      `${from} ${request.isSecure()} ${request.getRequestAuthority()} ${request.getRequestHostname()}`,
    )
  }
}

/** Returns the body of the response, or the status and the detail of an error page. */
function ask(
  fields: string,
  { peer = PROXY, ...options }: Partial<HTTPFactoryOptions> & { peer?: Address } = {},
): string {
  const factory = new Describing({ trustedProxies: ['10.0.0.0/8', '2001:db8::/32', 'unix'], ...options })
  const transport = connectTo(factory, peer)
  transport.receive(`GET / HTTP/1.1\r\nHost: in:8080\r\n${fields}\r\n`)
  const response = transport.value('latin1')
  const body = response.slice(response.indexOf('\r\n\r\n') + 4)
  if (response.startsWith('HTTP/1.1 200')) return body
  return `${response.slice(9, 12)} ${/<p>(.*)<\/p>/.exec(body)?.[1] ?? ''}`
}

const UNSTATED = '10.0.0.1 4000 false in:8080 in'

describe('TrustedProxies', () => {
  test('believes the client that a trusted proxy states', () => {
    for (const [fields, stated] of [
      ['', UNSTATED],
      ['Forwarded: for=192.0.2.1', '192.0.2.1 0 false in:8080 in'],
      [
        'Forwarded: for="[2001:db9::1]:99";proto=https;host="ex.org:81"',
        '2001:db9::1 99 true ex.org:81 ex.org',
      ],
      ['X-Forwarded-For: 192.0.2.1', '192.0.2.1 0 false in:8080 in'],
      ['X-Forwarded-For: 192.0.2.1:99\r\nX-Forwarded-Proto: https', '192.0.2.1 99 true in:8080 in'],
      ['X-Forwarded-Proto: HTTPS', '10.0.0.1 4000 true in:8080 in'],
      ['X-Forwarded-Proto: wss', '10.0.0.1 4000 true in:8080 in'],
      // What is not asked for is not believed.
      ['X-Forwarded-Host: ex.org', UNSTATED],
      ['X-Real-IP: 192.0.2.1', UNSTATED],
    ] as const)
      expect(ask(fields === '' ? '' : `${fields}\r\n`), fields).toBe(stated)
  })

  test('believes nothing from anyone else', () => {
    const peer = tcpAddress('192.0.2.9', 5)
    for (const fields of [
      'Forwarded: for=192.0.2.1;proto=https;host=ex.org',
      'X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https',
      'Forwarded: "malformed',
      'Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1',
    ]) {
      expect(ask(`${fields}\r\n`, { peer })).toBe('192.0.2.9 5 false in:8080 in')
      expect(ask(`${fields}\r\n`, { trustedProxies: [] })).toBe(UNSTATED)
    }
  })

  test('reads a list from its end, up to the first client that is no trusted proxy', () => {
    for (const [list, address] of [
      [['192.0.2.1', '10.0.0.7', '10.0.0.2'], '192.0.2.1'],
      [['10.0.0.7', '192.0.2.1', '10.0.0.2'], '192.0.2.1'],
      [['127.0.0.1', '192.0.2.1'], '192.0.2.1'],
      [['10.0.0.7', '10.0.0.2'], '10.0.0.7'],
      [['192.0.2.1', 'unknown', '10.0.0.2'], '10.0.0.2'],
      [['unknown'], '10.0.0.1'],
    ] as const) {
      const forwarded = `Forwarded: ${list.map((host) => `for=${host}`).join(', ')}\r\n`
      const several = list.map((host) => `Forwarded: for=${host}\r\n`).join('')
      const common = `X-Forwarded-For: ${list.join(',')}\r\n`
      for (const fields of [forwarded, several, common])
        expect(ask(fields).split(' ')[0], fields).toBe(address)
    }
    expect(ask('X-Forwarded-For: ::ffff:192.0.2.1, ::ffff:10.0.0.2\r\n')).toMatch(/^192\.0\.2\.1 /)
    expect(ask('Forwarded: for=_hidden;proto=https\r\n')).toBe('10.0.0.1 4000 true in:8080 in')
    // What comes before may be invented, and need not be readable.
    expect(ask('X-Forwarded-For: <script>, 192.0.2.1\r\n')).toMatch(/^192\.0\.2\.1 /)
  })

  test('takes scheme and host from the proxy that names the client', () => {
    expect(
      ask('Forwarded: for=192.0.2.1;proto=https;host=a.org, for=10.0.0.2;proto=http;host=b.org\r\n'),
    ).toBe('192.0.2.1 0 true a.org a.org')
    expect(ask('Forwarded: for=127.0.0.1;proto=https, for=192.0.2.1;proto=http\r\n')).toBe(
      '192.0.2.1 0 false in:8080 in',
    )
    const hosts = { forwardedHeaders: ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'] } as const
    const lists = (fors: string, protos: string, names: string): string =>
      `X-Forwarded-For: ${fors}\r\nX-Forwarded-Proto: ${protos}\r\nX-Forwarded-Host: ${names}\r\n`
    expect(ask(lists('192.0.2.1, 10.0.0.2', 'https, http', 'a.org, b.org'), hosts)).toBe(
      '192.0.2.1 0 true a.org a.org',
    )
    expect(ask(lists('192.0.2.1, 10.0.0.2', 'http', 'b.org'), hosts)).toBe('192.0.2.1 0 false b.org b.org')
    // A client has sent the first items itself.
    expect(ask(lists('192.0.2.1', 'https, http', 'evil.org, b.org'), hosts)).toBe(
      '192.0.2.1 0 false b.org b.org',
    )
  })

  test('refuses what it cannot read, and two kinds of headers at once', () => {
    for (const [fields, why] of [
      ['Forwarded: for="192.0.2.1', 'Cannot read Forwarded'],
      ['Forwarded: for=192.0.2.999', 'Cannot read Forwarded'],
      ['Forwarded: for=192.0.2.1;proto=gopher', 'Cannot read Forwarded'],
      ['Forwarded: for=192.0.2.1;host="a b"', 'Cannot read Forwarded'],
      ['Forwarded: for=192.0.2.1;host=""', 'Cannot read Forwarded'],
      ['X-Forwarded-For: ex.org', 'Cannot read X-Forwarded-For'],
      ['X-Forwarded-For:', 'Cannot read X-Forwarded-For'],
      ['X-Forwarded-For: 192.0.2.1,', 'Cannot read X-Forwarded-For'],
      ['X-Forwarded-Proto: gopher', 'Cannot read X-Forwarded-Proto'],
      [
        'Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1',
        'Forwarded and X-Forwarded are both present',
      ],
      ['Forwarded: for=192.0.2.1\r\nX-Forwarded-Proto: https', 'Forwarded and X-Forwarded are both present'],
    ] as const)
      expect(ask(`${fields}\r\n`), fields).toBe(`400 ${why}`)
    const only = { forwardedHeaders: ['x-forwarded-for'] } as const
    expect(ask('Forwarded: "malformed\r\nX-Forwarded-For: 192.0.2.1\r\n', only)).toMatch(/^192\.0\.2\.1 /)
  })

  test('trusts UNIX sockets and IPv6 blocks by name', () => {
    const fields = 'Forwarded: for=192.0.2.1\r\n'
    expect(ask(fields, { peer: UNIX_PEER })).toMatch(/^192\.0\.2\.1 /)
    expect(ask(fields, { peer: UNIX_PEER, trustedProxies: ['10.0.0.1'] })).toMatch(/^unix /)
    expect(ask(fields, { peer: tcpAddress('2001:db8::5', 1) })).toMatch(/^192\.0\.2\.1 /)
    expect(ask(fields, { peer: tcpAddress('2001:db9::5', 1) })).toMatch(/^2001:db9::5 /)
  })

  test('finds the same client under every chunking', () => {
    const text = 'GET / HTTP/1.1\r\nHost: h\r\nForwarded: for="[2001:db9::1]:9";proto=https\r\n\r\n'
    for (const chunks of chunkings(Buffer.from(text))) {
      const transport = connectTo(new Describing({ trustedProxies: ['10.0.0.1'] }), PROXY)
      for (const chunk of chunks) transport.receive(chunk)
      expect(transport.value()).toContain('\r\n\r\n2001:db9::1 9 true h h')
    }
  })

  test('refuses a proxy that is not an address, when it is made', () => {
    expect(() => new TrustedProxies(['ex.org'])).toThrow('Cannot read "ex.org" as an address')
    expect(() => new Describing({ trustedProxies: ['10.0.0.1/8'] })).toThrow('write 10.0.0.0/8')
    expect(() => new Describing({ trustedProxies: '10.0.0.1' as never })).toThrow('give a list')
    expect(() => new Describing({ forwardedHeaders: ['x-real-ip' as never] })).toThrow(
      "give 'forwarded' or 'x-forwarded-for'",
    )
  })
})
