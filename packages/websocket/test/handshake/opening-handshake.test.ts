import { chunkings } from '@ropewalk/core/testing'
import { HTTPError, type Request } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import { acceptFor } from '../../src/handshake/opening-handshake.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { WebSocketServerFactory } from '../../src/server/websocket-server-factory.ts'
import { ACCEPT, handshake, KEY, SiteExchange } from '../websocket-exchange.ts'

class Silent extends WebSocketProtocol {}

class Chat extends WebSocketServerFactory {
  override buildProtocol(): WebSocketProtocol {
    return new Silent()
  }
  override selectSubprotocol(offered: readonly string[]): string | undefined {
    return offered.find((name) => name === 'chat')
  }
}

/** The response to a handshake, as text. */
async function responseTo(text: string, resource = WebSocketResource.forProtocol(Silent)): Promise<string> {
  const exchange = new SiteExchange(resource)
  await exchange.send(text)
  return (await exchange.received()).toString('latin1')
}

describe('readHandshake', () => {
  test('responds to the key of RFC 6455 §1.3 with its Sec-WebSocket-Accept', async () => {
    expect(acceptFor(KEY)).toBe(ACCEPT)
    for (const pieces of chunkings(handshake())) {
      const exchange = new SiteExchange(WebSocketResource.forProtocol(Silent))
      for (const piece of pieces) exchange.transport.receive(piece)
      const response = (await exchange.received()).toString()
      expect(response).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
      expect(response).toContain(`\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`)
      expect(response).toMatch(/\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n/)
      expect(response).not.toMatch(/content-length|transfer-encoding|sec-websocket-protocol/i)
    }
  })

  test('accepts Upgrade and Connection in any case, and among other elements of their lists', async () => {
    const text = handshake({ Upgrade: 'h2c, WebSocket', Connection: 'keep-alive , UPGRADE' })
    expect(await responseTo(text)).toMatch(/^HTTP\/1\.1 101 /)
  })

  test('refuses each malformed handshake with its own status', async () => {
    const cases: [string, number, string?][] = [
      [handshake({}, 'POST / HTTP/1.1'), 405, 'Allow: GET'],
      [handshake({ Upgrade: undefined }), 426, 'Upgrade: websocket'],
      [handshake({ Upgrade: 'h2c' }), 426, 'Upgrade: websocket'],
      [handshake({ Connection: undefined }), 400],
      [handshake({ Connection: 'keep-alive' }), 400],
      [handshake({}, 'GET / HTTP/1.0'), 400],
      [handshake({ 'Sec-WebSocket-Version': undefined }), 426, 'Sec-WebSocket-Version: 13'],
      ...['8', '0', '013', '0xd', '13.0', '+13', '13, 8', ''].map((version): [string, number, string] => [
        handshake({ 'Sec-WebSocket-Version': version }),
        426,
        'Sec-WebSocket-Version: 13',
      ]),
      [handshake({ 'Sec-WebSocket-Key': undefined }), 400],
      ...[
        '',
        'short',
        `${KEY}=`,
        KEY.slice(1),
        'dGhlIHNhbXBsZSBub25jZR==',
        'dGhlIHNhbXBsZSBub25jZS0tLQ==',
        '!!!!IHNhbXBsZSBub25jZQ==',
      ].map((key): [string, number] => [handshake({ 'Sec-WebSocket-Key': key }), 400]),
      [handshake({ 'Sec-WebSocket-Key': `${KEY}\r\nSec-WebSocket-Key: ${KEY}` }), 400],
      [handshake({ 'Sec-WebSocket-Protocol': 'a b' }), 400],
      [handshake({ 'Sec-WebSocket-Protocol': 'chat, chat' }), 400],
      [handshake({ 'Sec-WebSocket-Protocol': ',' }), 400],
      [handshake({ 'Sec-WebSocket-Protocol': 'chat,, chat,' }), 400],
      [handshake({ 'Sec-WebSocket-Extensions': 'permessage-deflate;' }), 400],
      [handshake({ 'Sec-WebSocket-Extensions': 'x; y="a b"' }), 400],
      [handshake({ Host: undefined }), 400],
      [`${handshake({ 'Content-Length': '5' })}hello`, 400],
      [`${handshake({ 'Transfer-Encoding': 'chunked' })}0\r\n\r\n`, 400],
    ]
    for (const [text, status, header] of cases) {
      const response = await responseTo(text)
      expect(response.slice(0, 12), text).toBe(`HTTP/1.1 ${status}`)
      if (header !== undefined) expect(response).toContain(`\r\n${header}\r\n`)
    }
  })

  test('names the malformed header in its response', async () => {
    for (const [name, value] of [
      ['Sec-WebSocket-Protocol', 'chat,,chat'],
      ['Sec-WebSocket-Extensions', 'a;b="c,d"'],
      ['Sec-WebSocket-Key', 'short'],
    ] as const)
      expect(await responseTo(handshake({ [name]: value })), value).toContain(name)
  })

  test('ignores empty elements among the subprotocols (RFC 9110 §5.6.1.2)', async () => {
    for (const value of ['chat,', ',chat', 'a,,chat', ' , chat , , a', `chat${','.repeat(16)}`]) {
      const response = await responseTo(
        handshake({ 'Sec-WebSocket-Protocol': value }),
        new WebSocketResource(new Chat()),
      )
      expect(response, value).toMatch(/^HTTP\/1\.1 101 /)
      expect(response, value).toContain('\r\nSec-WebSocket-Protocol: chat\r\n')
    }
    const without = await responseTo(
      handshake({ 'Sec-WebSocket-Protocol': '' }),
      new WebSocketResource(new Chat()),
    )
    expect(without).toMatch(/^HTTP\/1\.1 101 /)
    expect(without).not.toMatch(/sec-websocket-protocol/i)
  })

  test('declines every extension, by naming none in the response', async () => {
    for (const value of ['permessage-deflate; client_max_window_bits', 'x; y="1", mux,', '']) {
      const response = await responseTo(handshake({ 'Sec-WebSocket-Extensions': value }))
      expect(response, value).toMatch(/^HTTP\/1\.1 101 /)
      expect(response, value).not.toMatch(/sec-websocket-extensions/i)
    }
  })

  test('reads HTTP after a refused upgrade, so that no request can be smuggled', async () => {
    const exchange = new SiteExchange(WebSocketResource.forProtocol(Silent))
    await exchange.send(handshake({ 'Sec-WebSocket-Version': '8' }) + handshake())
    const response = (await exchange.received()).toString()
    expect(response.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 426', 'HTTP/1.1 101'])
  })
})

describe('WebSocketServerFactory', () => {
  class Guarded extends WebSocketServerFactory {
    override async buildProtocol(request: Request): Promise<WebSocketProtocol> {
      await Promise.resolve()
      if (request.args.get('token') !== 'secret') {
        throw new HTTPError(401, 'The token is wrong', { headers: [['WWW-Authenticate', 'Token']] })
      }
      request.setHeader('X-User', 'alice')
      return new Silent()
    }
    override selectSubprotocol(offered: readonly string[]): string | undefined {
      return offered.find((name) => name === 'chat')
    }
  }

  test('can build asynchronously before the 101, set headers, and choose a subprotocol', async () => {
    const text = handshake({ 'Sec-WebSocket-Protocol': 'superchat, chat' }, 'GET /?token=secret HTTP/1.1')
    const response = await responseTo(text, new WebSocketResource(new Guarded()))
    expect(response).toMatch(/^HTTP\/1\.1 101 /)
    expect(response).toContain('\r\nX-User: alice\r\n')
    expect(response).toContain('\r\nSec-WebSocket-Protocol: chat\r\n')
  })

  test('refuses with the status and headers of the HTTPError it throws', async () => {
    const response = await responseTo(handshake(), new WebSocketResource(new Guarded()))
    expect(response).toMatch(/^HTTP\/1\.1 401 /)
    expect(response).toContain('\r\nWWW-Authenticate: Token\r\n')
    expect(response).not.toContain('Sec-WebSocket-Accept')
  })

  test('responds with 500 when it chooses a subprotocol that was not offered', async () => {
    class Wrong extends Guarded {
      override buildProtocol(): Promise<WebSocketProtocol> {
        return Promise.resolve(new Silent())
      }
      override selectSubprotocol(): string {
        return 'other'
      }
    }
    expect(await responseTo(handshake(), new WebSocketResource(new Wrong()))).toMatch(/^HTTP\/1\.1 500 /)
  })
})
