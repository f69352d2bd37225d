import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { closing, frame, handshake, serverFrame, SiteExchange } from '../websocket-exchange.ts'
import { closeCodeIn, Recorder, resourceOf, respond } from './parties.ts'

const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
const RSV1 = { rsv: 0x40 }

/** A message as DEFLATE, without the tail that RFC 7692 removes. */
function compressed(text: string | Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

async function openDeflate(
  protocol: Recorder,
  options: { maxMessageBytes?: number } = {},
): Promise<SiteExchange> {
  const exchange = new SiteExchange(resourceOf(protocol, { deflate: true, ...options }))
  await exchange.open(OFFER)
  return exchange
}

/** Sends bytes, and lets large messages be inflated, which takes several turns. */
async function send(exchange: SiteExchange, ...pieces: Uint8Array[]): Promise<void> {
  const { reactor } = exchange
  await exchange.send(...pieces)
  while (reactor.getDelayedCalls().some((call) => call.getTime() <= reactor.now())) {
    reactor.advance(0)
    await reactor.settle()
  }
}

async function offered(header: string): Promise<{ status: number; chosen: string | undefined }> {
  const resource = resourceOf(new Recorder(), { deflate: true })
  const { status, head } = await respond({ 'Sec-WebSocket-Extensions': header }, undefined, resource)
  return { status, chosen: /Sec-WebSocket-Extensions: (.*)\r\n/.exec(head)?.[1] }
}

describe('bugs of other libraries: compression', () => {
  test.each([
    [
      'CVE-2026-1526 of undici, CVE-2018-1000518 of websockets, CVE-2016-10544 of uws: a bomb of 100 MiB is inflated',
      {},
    ],
    [
      'autobahn, netty 15005: the limit counts compressed bytes, or only counts when it is set',
      { maxMessageBytes: 1000 },
    ],
  ])('%s', async (_, options) => {
    const bomb = compressed(Buffer.alloc(100 << 20))
    for (const pieces of [
      [frame(2, bomb, RSV1)],
      [frame(2, bomb.subarray(0, 50_000), { fin: false, ...RSV1 }), frame(0, bomb.subarray(50_000))],
    ]) {
      const protocol = new Recorder()
      const exchange = await openDeflate(protocol, options)
      const before = process.memoryUsage().arrayBuffers
      await send(exchange, ...pieces)
      expect(closeCodeIn(await exchange.received())).toBe(1009)
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20)
      expect(protocol.messages).toEqual([])
    }
  })

  test('websockets, autobahn, undici, Bun 33592: the message after one with BFINAL arrives empty', async () => {
    const protocol = new Recorder()
    const exchange = await openDeflate(protocol)
    const final = Buffer.concat([deflateRawSync('first'), Buffer.of(0)])
    await exchange.send(frame(1, final, RSV1), frame(1, compressed('second'), RSV1), frame(1, 'third'))
    expect(protocol.messages).toEqual(['first', 'second', 'third'])
    await exchange.send(frame(8, closing(1000)))
  })

  test.each([1, 2, 5, 10])(
    'ws, websockets, autobahn: a block that lacks its last %i bytes is delivered as a wrong message',
    async (missing) => {
      const protocol = new Recorder()
      const exchange = await openDeflate(protocol)
      const whole = compressed('a message that is long enough to be cut in many places: 0123456789')
      await exchange.send(frame(1, whole.subarray(0, -missing), RSV1))
      expect(closeCodeIn(await exchange.received())).toBe(1007)
      expect(protocol.messages).toEqual([])
    },
  )

  test('what is not DEFLATE closes with 1007', async () => {
    const exchange = await openDeflate(new Recorder())
    await exchange.send(frame(1, Buffer.alloc(20, 0xff), RSV1))
    expect(closeCodeIn(await exchange.received())).toBe(1007)
  })

  test('websockets, autobahn: server_max_window_bits=8 is responded to with 500 or 400', async () => {
    const { status, chosen } = await offered('permessage-deflate; server_max_window_bits=8')
    expect(status).toBe(101)
    expect(chosen).toMatch(/^permessage-deflate; server_max_window_bits=8/)
  })

  test.each([
    'permessage-deflate; unknown',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; client_max_window_bits=1e1',
    'permessage-deflate; client_max_window_bits=0xa',
    'permessage-deflate; server_max_window_bits=015',
    'permessage-deflate; server_max_window_bits=+9',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
  ])(
    'ws, autobahn: an offer that cannot be used is refused with 400, and not declined: %s',
    async (header) => {
      expect(await offered(header)).toEqual({ status: 101, chosen: undefined })
      const { status, chosen } = await offered(`${header}, permessage-deflate`)
      expect(status).toBe(101)
      expect(chosen).toMatch(/^permessage-deflate/)
    },
  )

  test('autobahn: offers on two lines are refused', async () => {
    const { status, chosen } = await offered('x-other\r\nSec-WebSocket-Extensions: permessage-deflate')
    expect(status).toBe(101)
    expect(chosen).toMatch(/^permessage-deflate/)
  })

  test.each([
    ['a ping', frame(9, 'x', RSV1)],
    ['a pong', frame(10, 'x', RSV1)],
    ['a close frame', frame(8, closing(1000), RSV1)],
    [
      'a continuation',
      Buffer.concat([frame(1, compressed('a'), { fin: false, ...RSV1 }), frame(0, 'b', RSV1)]),
    ],
    ['RSV2 of text', frame(1, 'x', { rsv: 0x20 })],
  ])('gorilla: with compression, RSV1 is accepted in every frame: %s', async (_, bytes) => {
    const exchange = await openDeflate(new Recorder())
    await exchange.send(bytes)
    expect(closeCodeIn(await exchange.received())).toBe(1002)
  })

  test('tornado 2391, aiohttp: small bombs, one after another, add up', async () => {
    const protocol = new Recorder()
    const exchange = await openDeflate(protocol)
    const bomb = frame(2, compressed(Buffer.alloc(1 << 20)), RSV1)
    for (let at = 0; at < 20; at++) {
      await send(exchange, bomb)
      expect(protocol.messages.splice(0).length).toBe(1)
    }
    expect(await exchange.received()).toEqual(Buffer.alloc(0))
  })

  test('a compressed echo is a frame that its agreement allows', async () => {
    class Echo extends Recorder {
      override textMessageReceived(text: string): void {
        this.transport.sendTextMessage(text, { compress: true })
      }
    }
    const exchange = await openDeflate(new Echo())
    await exchange.send(frame(1, compressed('echo'), RSV1))
    const sent = await exchange.received()
    expect(sent[0]).toBe(0xc1)
    expect(sent.equals(serverFrame(1, 'echo'))).toBe(false)
    expect(handshake(OFFER)).toContain('permessage-deflate')
  })
})
