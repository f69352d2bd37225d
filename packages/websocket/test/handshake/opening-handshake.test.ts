import { chunkings } from '@ropewalk/core/testing'
import { HTTPError, type Request } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import { acceptFor } from '../../src/handshake/opening-handshake.ts'
import { WebSocketProtocol } from '../../src/websocket-protocol.ts'
import { WebSocketResource } from '../../src/websocket-resource.ts'
import { WebSocketServerFactory } from '../../src/websocket-server-factory.ts'
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

/** The status and headers that answer a handshake. */
async function answerTo(text: string, resource = WebSocketResource.forProtocol(Silent)): Promise<string> {
  const exchange = new SiteExchange(resource)
  await exchange.send(text)
  return (await exchange.received()).toString('latin1')
}

describe('readHandshake', () => {
  test('proves that it understood the key of RFC 6455 §1.3', async () => {
    expect(acceptFor(KEY)).toBe(ACCEPT)
    for (const pieces of chunkings(handshake())) {
      const exchange = new SiteExchange(WebSocketResource.forProtocol(Silent))
      for (const piece of pieces) exchange.transport.receive(piece)
      const answer = (await exchange.received()).toString()
      expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
      expect(answer).toContain(`\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`)
      expect(answer).toMatch(/\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n/)
      expect(answer).not.toMatch(/content-length|transfer-encoding|sec-websocket-protocol/i)
    }
  })

  test('takes the headers in any case, and among others in their lists', async () => {
    const text = handshake({ Upgrade: 'h2c, WebSocket', Connection: 'keep-alive , UPGRADE' })
    expect(await answerTo(text)).toMatch(/^HTTP\/1\.1 101 /)
  })

  test('refuses each fault with its own status', async () => {
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
      const answer = await answerTo(text)
      expect(answer.slice(0, 12), text).toBe(`HTTP/1.1 ${status}`)
      if (header !== undefined) expect(answer).toContain(`\r\n${header}\r\n`)
    }
  })

  test('names the header that is malformed', async () => {
    for (const [name, value] of [
      ['Sec-WebSocket-Protocol', 'chat,,chat'],
      ['Sec-WebSocket-Extensions', 'a;b="c,d"'],
      ['Sec-WebSocket-Key', 'short'],
    ] as const)
      expect(await answerTo(handshake({ [name]: value })), value).toContain(name)
  })

  test('ignores empty elements among the subprotocols (RFC 9110 §5.6.1.2)', async () => {
    for (const value of ['chat,', ',chat', 'a,,chat', ' , chat , , a', `chat${','.repeat(16)}`]) {
      const answer = await answerTo(
        handshake({ 'Sec-WebSocket-Protocol': value }),
        new WebSocketResource(new Chat()),
      )
      expect(answer, value).toMatch(/^HTTP\/1\.1 101 /)
      expect(answer, value).toContain('\r\nSec-WebSocket-Protocol: chat\r\n')
    }
    const without = await answerTo(
      handshake({ 'Sec-WebSocket-Protocol': '' }),
      new WebSocketResource(new Chat()),
    )
    expect(without).toMatch(/^HTTP\/1\.1 101 /)
    expect(without).not.toMatch(/sec-websocket-protocol/i)
  })

  test('declines every extension: the answer names none', async () => {
    for (const value of ['permessage-deflate; client_max_window_bits', 'x; y="1", mux,', '']) {
      const answer = await answerTo(handshake({ 'Sec-WebSocket-Extensions': value }))
      expect(answer, value).toMatch(/^HTTP\/1\.1 101 /)
      expect(answer, value).not.toMatch(/sec-websocket-extensions/i)
    }
  })

  test('a refused upgrade leaves plain HTTP, never a tunnel (websocket smuggling)', async () => {
    const exchange = new SiteExchange(WebSocketResource.forProtocol(Silent))
    await exchange.send(handshake({ 'Sec-WebSocket-Version': '8' }) + handshake())
    const answer = (await exchange.received()).toString()
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 426', 'HTTP/1.1 101'])
  })
})

describe('WebSocketServerFactory', () => {
  class Guarded extends WebSocketServerFactory {
    override async buildProtocol(request: Request): Promise<WebSocketProtocol> {
      await Promise.resolve()
      if (request.args.get('token') !== 'secret') {
        throw new HTTPError(401, 'Say the word', { headers: [['WWW-Authenticate', 'Token']] })
      }
      request.setHeader('X-User', 'alice')
      return new Silent()
    }
    override selectSubprotocol(offered: readonly string[]): string | undefined {
      return offered.find((name) => name === 'chat')
    }
  }

  test('decides before the 101, later if it likes, with headers and a subprotocol of its own', async () => {
    const text = handshake({ 'Sec-WebSocket-Protocol': 'superchat, chat' }, 'GET /?token=secret HTTP/1.1')
    const answer = await answerTo(text, new WebSocketResource(new Guarded()))
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    expect(answer).toContain('\r\nX-User: alice\r\n')
    expect(answer).toContain('\r\nSec-WebSocket-Protocol: chat\r\n')
  })

  test('refuses with an answer of its own', async () => {
    const answer = await answerTo(handshake(), new WebSocketResource(new Guarded()))
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer).toContain('\r\nWWW-Authenticate: Token\r\n')
    expect(answer).not.toContain('Sec-WebSocket-Accept')
  })

  test('answers 500 when it chooses a subprotocol that was not offered', async () => {
    class Wrong extends Guarded {
      override buildProtocol(): Promise<WebSocketProtocol> {
        return Promise.resolve(new Silent())
      }
      override selectSubprotocol(): string {
        return 'other'
      }
    }
    expect(await answerTo(handshake(), new WebSocketResource(new Wrong()))).toMatch(/^HTTP\/1\.1 500 /)
  })
})
