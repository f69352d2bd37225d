import { Headers } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import {
  agreementOf,
  areSubprotocols,
  type ClientHandshake,
  HandshakeFault,
  handshakeRequest,
  isHandshakeHeader,
} from '../../src/handshake/client-handshake.ts'
import { ACCEPT, KEY } from '../websocket-exchange.ts'

const HANDSHAKE: ClientHandshake = {
  host: 'example.org:81',
  target: '/chat?room=1',
  key: KEY,
  subprotocols: ['mqtt', 'chat'],
  headers: new Headers(),
}

/** A 101 with `fields` in place of the usual ones, or besides them; undefined removes one. */
function response(fields: Record<string, string | readonly string[] | undefined> = {}) {
  const usual = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': ACCEPT }
  const all = Object.entries({ ...usual, ...fields }).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((one) => [name, one]),
  )
  return { version: '1.1' as const, fields: all }
}

/** The violation that refuses a response. */
function violationOf(...args: Parameters<typeof agreementOf>): string {
  try {
    return `accepted: ${agreementOf(...args).subprotocol}`
  } catch (error) {
    if (!(error instanceof HandshakeFault)) throw error
    return `${error.violation}: ${error.message}`
  }
}

describe('handshakeRequest', () => {
  test('has the fields of RFC 6455 §4.1, then those of the caller', () => {
    const headers = new Headers()
    headers.addRawHeader('Origin', 'https://example.org')
    expect(handshakeRequest({ ...HANDSHAKE, headers }).toString('latin1')).toBe(
      [
        'GET /chat?room=1 HTTP/1.1',
        'Host: example.org:81',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Key: ${KEY}`,
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Protocol: mqtt, chat',
        'Origin: https://example.org',
        '\r\n',
      ].join('\r\n'),
    )
  })

  test('has no Sec-WebSocket-Protocol without subprotocols', () => {
    expect(handshakeRequest({ ...HANDSHAKE, subprotocols: [] }).toString()).not.toContain('Protocol')
  })

  test('refuses a target that could inject fields', () => {
    for (const target of ['/a b', '/a\r\nX: 1', '/ü', ''])
      expect(() => handshakeRequest({ ...HANDSHAKE, target })).toThrow('Cannot send the target')
  })
})

describe('agreementOf', () => {
  test('returns the subprotocol that the server chose, if any', () => {
    expect(agreementOf(HANDSHAKE, response())).toEqual({ subprotocol: undefined })
    const chosen = response({ 'sec-websocket-protocol': 'chat' })
    expect(agreementOf(HANDSHAKE, chosen)).toEqual({ subprotocol: 'chat' })
  })

  test('compares Upgrade and Connection without case, and finds the option in a list', () => {
    const fields = { Upgrade: 'WebSocket', Connection: ['keep-alive, UPGRADE', 'x'] }
    expect(violationOf(HANDSHAKE, response(fields))).toBe('accepted: undefined')
    expect(violationOf(HANDSHAKE, response({ 'Sec-WebSocket-Extensions': '' }))).toBe('accepted: undefined')
  })

  test.each([
    [{ Upgrade: undefined }, 'upgrade: Upgrade must be websocket, and is missing'],
    [{ Upgrade: 'h2c' }, 'upgrade: Upgrade must be websocket, and is "h2c"'],
    [{ Upgrade: 'h2c, websocket' }, 'upgrade: Upgrade must be websocket, and is "h2c, websocket"'],
    [
      { Upgrade: ['websocket', 'websocket'] },
      'upgrade: Upgrade must be websocket, and is "websocket, websocket"',
    ],
    [{ Connection: undefined }, 'connection: Connection must have the option Upgrade, and is missing'],
    [{ Connection: 'close' }, 'connection: Connection must have the option Upgrade, and is "close"'],
    [{ Connection: 'Upgraded' }, 'connection: Connection must have the option Upgrade, and is "Upgraded"'],
    [
      { 'Sec-WebSocket-Accept': undefined },
      `accept: Sec-WebSocket-Accept must be ${ACCEPT} for our key, and is missing`,
    ],
    [
      { 'Sec-WebSocket-Accept': ACCEPT.toLowerCase() },
      `accept: Sec-WebSocket-Accept must be ${ACCEPT} for our key, and is "${ACCEPT.toLowerCase()}"`,
    ],
    [
      { 'Sec-WebSocket-Accept': [ACCEPT, ACCEPT] },
      `accept: Sec-WebSocket-Accept must be ${ACCEPT} for our key, and is "${ACCEPT}, ${ACCEPT}"`,
    ],
    [
      { 'Sec-WebSocket-Protocol': 'soap' },
      'subprotocol: Sec-WebSocket-Protocol is "soap", and mqtt, chat was offered',
    ],
    [
      { 'Sec-WebSocket-Protocol': 'Chat' },
      'subprotocol: Sec-WebSocket-Protocol is "Chat", and mqtt, chat was offered',
    ],
    [
      { 'Sec-WebSocket-Protocol': 'mqtt, chat' },
      'subprotocol: Sec-WebSocket-Protocol is "mqtt, chat", and mqtt, chat was offered',
    ],
    [
      { 'Sec-WebSocket-Protocol': ['mqtt', 'mqtt'] },
      'subprotocol: Sec-WebSocket-Protocol is "mqtt, mqtt", and mqtt, chat was offered',
    ],
    [
      { 'Sec-WebSocket-Protocol': '' },
      'subprotocol: Sec-WebSocket-Protocol is "", and mqtt, chat was offered',
    ],
    [
      { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
      'extensions: Sec-WebSocket-Extensions is "permessage-deflate", which was not offered',
    ],
    [
      { 'Sec-WebSocket-Extensions': 'x; y="' },
      'extensions: Sec-WebSocket-Extensions is "x; y=\\"", which is malformed',
    ],
  ])('refuses %j', (fields, why) => {
    expect(violationOf(HANDSHAKE, response(fields))).toBe(why)
  })

  test('refuses a subprotocol when none was offered', () => {
    const chosen = response({ 'Sec-WebSocket-Protocol': 'chat' })
    expect(violationOf({ ...HANDSHAKE, subprotocols: [] }, chosen)).toBe(
      'subprotocol: Sec-WebSocket-Protocol is "chat", and none was offered',
    )
  })

  test('refuses HTTP/1.0', () => {
    expect(violationOf(HANDSHAKE, { ...response(), version: '1.0' })).toBe(
      'http-version: the server responded with HTTP/1.0, which has no upgrade',
    )
  })

  test('quotes at most 80 characters of the server', () => {
    const long = violationOf(HANDSHAKE, response({ Upgrade: 'x'.repeat(1000) }))
    expect(long).toBe(`upgrade: Upgrade must be websocket, and is "${'x'.repeat(80)}"`)
  })
})

describe('areSubprotocols', () => {
  test('are tokens, each of them once', () => {
    expect(areSubprotocols(['mqtt', 'v1.chat'])).toBe(true)
    for (const wrong of [['a', 'a'], ['a b'], [''], ['a\r\nb'], ['a,b']])
      expect(areSubprotocols(wrong)).toBe(false)
  })
})

describe('isHandshakeHeader', () => {
  test('is true for what the handshake sets, in lower case', () => {
    for (const name of [
      'host',
      'upgrade',
      'connection',
      'sec-websocket-key',
      'sec-websocket-x',
      'content-length',
    ])
      expect(isHandshakeHeader(name)).toBe(true)
    for (const name of ['origin', 'cookie', 'authorization', 'sec-fetch-mode'])
      expect(isHandshakeHeader(name)).toBe(false)
  })
})
