import * as zlib from 'node:zlib'
import { chunkings, leftovers, MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import type { GivenOptions } from '@ropewalk/core/options'
import { Headers } from '@ropewalk/http'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { prepareMessage } from '../../src/connection/prepared-message.ts'
import { WebSocketChannel } from '../../src/connection/websocket-channel.ts'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import {
  CheckedWebSocketOptions,
  type WebSocketOptions,
  webSocketOptions,
} from '../../src/connection/websocket-options.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import type { DeflateAgreement } from '../../src/deflate/deflate-agreement.ts'
import type { Role } from '../../src/codec/frame-header.ts'
import { ZlibHandle } from '../../src/deflate/zlib-handle.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { handshake, SiteExchange } from '../websocket-exchange.ts'
import { encodeFor, part, peerFrame } from '../codec/peer-frames.ts'
import { ROLES } from '../codec/read-messages.ts'
import { framesOf } from './sent-frames.ts'

const RSV1 = { rsv: 4 }
const AGREED: DeflateAgreement = {
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  serverContextTakeover: true,
  clientContextTakeover: true,
}

class Recorder extends WebSocketProtocol {
  readonly received: string[] = []
  readonly closed: WebSocketClosed[] = []
  override textMessageReceived(text: string): void {
    this.received.push(text)
  }
  override bytesMessageReceived(data: Buffer): void {
    this.received.push(`${data.length} bytes`)
  }
  override connectionLost(reason: WebSocketClosed): void {
    this.closed.push(reason)
  }
}

/** One side of a WebSocket with compression, whose peer is played by the test. */
class Side {
  readonly reactor = new MemoryReactor()
  readonly protocol = new Recorder()
  readonly options: CheckedWebSocketOptions
  readonly wire: StringTransport
  readonly #role: Role
  readonly #shares: boolean
  readonly #peersDeflate = zlib.createDeflateRaw({ windowBits: 12 })
  #inflatedParts: Buffer[] = []

  constructor(
    role: Role = 'server',
    given: GivenOptions<WebSocketOptions> = {},
    agreed: Partial<DeflateAgreement> = {},
    shares: boolean = false,
  ) {
    this.#role = role
    this.#shares = shares
    this.options = new CheckedWebSocketOptions(webSocketOptions('test', { deflate: true, ...given }))
    const deflate = { ...AGREED, ...agreed }
    const response = { status: 101, headers: new Headers() }
    const opening =
      role === 'client'
        ? ({ role, response, deflate } as const)
        : ({ role, deflate, request: undefined as never } as const)
    const channel = new WebSocketChannel({ protocol: this.protocol, opening, options: this.options })
    this.wire = StringTransport.connect(channel, { reactor: this.reactor })
    onTestFinished(async () => {
      this.#peersDeflate.close()
      this.wire.abortConnection()
      await this.reactor.settle()
      const left = leftovers(this.reactor)
      if (left.length > 0) throw new Error(`The test left open: ${left.join(', ')}`)
      // One that is shared may stay.
      const open = this.options.deflate?.openDeflaters ?? 0
      if (open > (this.#shares ? 1 : 0)) throw new Error(`The test left ${open} compressors open`)
      const [logged] = this.reactor.flushLoggedErrors()
      if (logged !== undefined) throw new Error('The test logged an error', { cause: logged })
    })
  }

  get transport(): Recorder['transport'] {
    return this.protocol.transport
  }

  /** The frames of the messages, whose compressor keeps its context. */
  async deflated(...texts: (string | Buffer)[]): Promise<Buffer> {
    const frames = []
    for (const text of texts) {
      const data = await new Promise<Buffer>((resolve) => {
        const parts: Buffer[] = []
        const deflate = this.#peersDeflate
        deflate.removeAllListeners('data').on('data', (piece: Buffer) => parts.push(piece))
        deflate.write(text)
        deflate.flush(zlib.constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(parts)))
      })
      frames.push(peerFrame(typeof text === 'string' ? 1 : 2, data.subarray(0, -4), RSV1))
    }
    return encodeFor(this.#role, frames)
  }

  /** Lets one turn pass. */
  turn(): void {
    this.reactor.advance(0)
  }

  /**
   * What the peer received since the last call: opcodes, `*` for compressed frames, and the text. Fragments are
   * joined.
   */
  async sent(): Promise<string[]> {
    await this.reactor.settle()
    const bytes = this.wire.bytes()
    this.wire.clear()
    const seen: string[] = []
    let message: { readonly head: string; readonly compressed: boolean; readonly parts: Buffer[] } | undefined
    for (const { opcode, fin, compressed, payload } of framesOf(bytes, this.#role)) {
      if (opcode >= 8) {
        seen.push(`${opcode.toString(16)} ${(opcode === 8 ? payload.subarray(2) : payload).toString()}`)
        continue
      }
      message ??= { head: `${opcode}${compressed ? '*' : ''}`, compressed, parts: [] }
      message.parts.push(payload)
      if (!fin) continue
      const whole = Buffer.concat(message.parts)
      const text = message.compressed ? this.#inflate(whole) : whole
      seen.push(`${message.head} ${text.length > 50 ? `(${text.length})` : text.toString()}`)
      message = undefined
    }
    return seen
  }

  /** Inflates as a peer does that keeps its window. */
  #inflate(message: Buffer): Buffer {
    const all = (): Buffer =>
      zlib.inflateRawSync(Buffer.concat(this.#inflatedParts), { finishFlush: zlib.constants.Z_SYNC_FLUSH })
    const before = this.#inflatedParts.length === 0 ? 0 : all().length
    this.#inflatedParts.push(message, Buffer.of(0, 0, 255, 255))
    return all().subarray(before)
  }
}

describe('a server with the option deflate', () => {
  const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }

  test('agrees to an offer in its response, and reads and writes compressed messages under every cut', async () => {
    class Echo extends WebSocketProtocol {
      override textMessageReceived(text: string): void {
        this.transport.sendTextMessage(text, { compress: true })
      }
    }
    const frames = encodeFor('server', [peerFrame(1, Buffer.from('f248cdc9c90700', 'hex'), RSV1)])
    for (const pieces of chunkings(frames)) {
      const exchange = new SiteExchange(WebSocketResource.forProtocol(Echo, { deflate: true }))
      await exchange.send(handshake(offer))
      expect((await exchange.received()).toString('latin1')).toContain(
        '\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12; client_max_window_bits=12\r\n',
      )
      await exchange.send(...pieces)
      const [first, , ...payload] = await exchange.received()
      expect(first).toBe(0xc1)
      expect(inflated(payload)).toBe('Hello')
    }
  })

  test('declines what it cannot accept, and a compressed frame is refused then', async () => {
    const exchange = new SiteExchange(WebSocketResource.forProtocol(Recorder, { deflate: true }))
    await exchange.send(handshake({ 'Sec-WebSocket-Extensions': 'permessage-deflate; x' }))
    expect((await exchange.received()).toString('latin1')).not.toContain('Sec-WebSocket-Extensions')
    await exchange.send(encodeFor('server', [peerFrame(1, Buffer.of(0), RSV1)]))
    const [close] = framesOf(await exchange.received())
    expect(close?.payload.readUInt16BE(0)).toBe(1002)
  })

  test('refuses a malformed offer', async () => {
    const exchange = new SiteExchange(WebSocketResource.forProtocol(Recorder, { deflate: true }))
    await exchange.send(
      handshake({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits=' }),
    )
    expect((await exchange.received()).toString('latin1')).toMatch(/^HTTP\/1.1 400 /)
  })

  test('agrees to nothing without the option', async () => {
    const exchange = new SiteExchange(WebSocketResource.forProtocol(Recorder))
    await exchange.send(handshake(offer))
    expect((await exchange.received()).toString('latin1')).not.toContain('Sec-WebSocket-Extensions')
  })
})

describe.each(ROLES)('compression of a %s', (role) => {
  test('reads compressed, plain and fragmented messages that refer to each other', async () => {
    const side = new Side(role)
    const bytes = await side.deflated('one one one', 'one one one')
    const plain = encodeFor(role, [part(1, 'pl'), peerFrame(0, 'ain')])
    side.wire.receive(Buffer.concat([bytes, plain, await side.deflated('one one one two')]))
    await side.reactor.settle()
    expect(side.protocol.received).toEqual(['one one one', 'one one one', 'plain', 'one one one two'])
  })

  test('compresses from the threshold on, and as each send asks', async () => {
    const side = new Side(role, { deflate: { thresholdBytes: 10 } })
    const { transport } = side
    transport.sendTextMessage('123456789')
    transport.sendTextMessage('1234567890')
    transport.sendTextMessage('ééééé')
    transport.sendTextMessage('éééé')
    transport.sendBytesMessage(Buffer.from('1234567890'))
    transport.sendTextMessage('1234567890', { compress: false })
    transport.sendTextMessage('', { compress: true })
    transport.sendTextMessage('', { compress: true })
    transport.sendBytesMessage(Buffer.from('x'), { compress: true })
    await transport.send('x', { compress: true })
    await transport.send('1234567890')
    expect(await side.sent()).toEqual([
      '1 123456789',
      '1* 1234567890',
      '1* ééééé',
      '1 éééé',
      '2* 1234567890',
      '1 1234567890',
      '1* ',
      '1* ',
      '2* x',
      '1* x',
      '1* 1234567890',
    ])
    expect(() => transport.sendTextMessage('', { compress: 1 as unknown as boolean })).toThrow(TypeError)
    expect(() => transport.sendTextMessage('', { compres: true } as object)).toThrow('did you mean compress?')
  })

  test('sends as it is what would be longer, if messages stand alone', async () => {
    const alone = { serverContextTakeover: false, clientContextTakeover: false }
    const side = new Side(role, {}, alone, true)
    side.transport.sendTextMessage('ab', { compress: true })
    side.transport.sendTextMessage('aaaaaaaaaaaaaaaaaaaaaaaaa', { compress: true })
    expect(await side.sent()).toEqual(['1 ab', '1* aaaaaaaaaaaaaaaaaaaaaaaaa'])
  })

  test('deflates a large message in turns, and keeps the order of those after it', async () => {
    const side = new Side(role)
    const { transport } = side
    const large = 'large '.repeat(30_000)
    let turns = 0
    expect(transport.sendTextMessage(large)).toBe('queued')
    side.reactor.callLater(0, () => turns++)
    expect(transport.sendTextMessage('small')).toBe('queued')
    expect(transport.sendTextMessage('also deflated', { compress: true })).toBe('queued')
    expect(transport.bufferedBytes).toBeGreaterThan(large.length)
    const drained = transport.drained()
    expect(await side.sent()).toEqual([])
    side.turn()
    expect(turns).toBe(1)
    expect(await side.sent()).toEqual([`1* (${large.length})`, '1 small', '1* also deflated'])
    expect(await drained).toBe(true)
    expect(transport.bufferedBytes).toBe(0)
    expect(transport.sendTextMessage('direct')).toBe('sent')
    expect(await side.sent()).toEqual(['1 direct'])
  })

  test('finishes a large message before its close frame', async () => {
    const side = new Side(role)
    const large = Buffer.alloc(200_000, 'large ')
    side.transport.sendBytesMessage(large)
    side.transport.sendTextMessage('after')
    side.transport.loseConnection(1000, 'done')
    expect(side.transport.sendTextMessage('too late')).toBe('dropped')
    expect(await side.sent()).toEqual([`2* (${large.length})`, '1 after', '8 done'])
  })

  test('deflates at most 1 MiB at once before a close frame, and counts what is queued', async () => {
    for (const [count, bytes] of [
      [100, 40_000],
      [1, 4_000_000],
    ] as const) {
      const side = new Side(role)
      side.wire.block()
      const { transport } = side
      transport.sendBytesMessage(Buffer.alloc(100_000), { compress: false })
      side.reactor.pump()
      const message = Buffer.alloc(bytes, 'abcd')
      for (let sent = 0; sent < count; sent++) transport.sendBytesMessage(message)
      transport.loseConnection(1000)
      expect(transport.bufferedBytes).toBeGreaterThan(2_900_000)
      side.wire.unblock()
      const sent = await side.sent()
      expect(transport.bufferedBytes).toBe(0)
      const deflated = sent.filter((one) => one === `2* (${bytes})`)
      expect(deflated).toHaveLength(count === 1 ? 0 : 26)
      expect(sent.slice(1, -1)).toEqual([
        ...deflated,
        ...Array<string>(count - deflated.length).fill(`2 (${bytes})`),
      ])
    }
  })

  test('finishes a large message before the reply to a close frame', async () => {
    const side = new Side(role)
    side.transport.sendBytesMessage(Buffer.alloc(200_000))
    side.transport.sendTextMessage('after')
    side.wire.receive(encodeFor(role, [peerFrame(8, Buffer.of(3, 232))]))
    expect(await side.sent()).toEqual(['2* (200000)', '1 after', '8 '])
  })

  test('sends a ping while a large message is deflated', async () => {
    const side = new Side(role)
    side.transport.sendBytesMessage(Buffer.alloc(200_000))
    side.transport.ping(Buffer.from('p'))
    expect(await side.sent()).toEqual(['9 p'])
    side.turn()
    expect(await side.sent()).toEqual(['2* (200000)'])
  })

  test('frees everything when the connection ends in the middle of a large message', async () => {
    const side = new Side(role)
    side.transport.sendBytesMessage(Buffer.alloc(200_000))
    side.transport.sendBytesMessage(Buffer.alloc(200_000))
    side.wire.abortConnection()
    await side.reactor.settle()
    expect(leftovers(side.reactor)).toEqual([])
    expect(side.options.deflate?.openDeflaters).toBe(0)
  })

  test('keeps the context right when messages that wait are dropped', async () => {
    const side = new Side(role, { maxQueuedBytes: 100_000, whenFull: 'drop-oldest', deflate: true })
    const { transport, wire } = side
    wire.block()
    transport.sendBytesMessage(noise(70_000), { compress: false })
    for (const name of ['one', 'two', 'three', 'four'])
      transport.sendTextMessage(`${name} `.repeat(5_000), { compress: true })
    wire.unblock()
    const [, ...rest] = await side.sent()
    expect(rest.length).toBeGreaterThan(0)
    expect(rest.length).toBeLessThan(4)
    transport.sendTextMessage('four four', { compress: true })
    expect(await side.sent()).toEqual(['1* four four'])
  })

  test('inflates a large message in turns, and reads on afterwards', async () => {
    const side = new Side(role)
    const large = Buffer.alloc(300_000, 'large ')
    side.wire.receive(
      Buffer.concat([await side.deflated(large, 'small'), encodeFor(role, [peerFrame(9, 'p')])]),
    )
    expect(side.protocol.received).toEqual([])
    let turns = 0
    side.reactor.callLater(0, () => turns++)
    side.wire.receive(await side.deflated('later'))
    side.turn()
    await side.reactor.settle()
    expect(turns).toBe(1)
    expect(side.protocol.received).toEqual(['300000 bytes', 'small', 'later'])
    expect(await side.sent()).toEqual(['a p'])
  })

  test('delivers a large message before the peer is seen to leave', async () => {
    const side = new Side(role)
    side.wire.receive(await side.deflated(Buffer.alloc(300_000), 'last'))
    side.wire.receiveEnd()
    expect(side.transport.signal.aborted).toBe(false)
    for (let turns = 0; turns < 5; turns++) side.turn()
    expect(side.protocol.received).toEqual(['300000 bytes', 'last'])
    expect(side.transport.signal.aborted).toBe(true)
  })

  test('refuses a message that is too large when inflated, and frees its memory', async () => {
    const side = new Side(role)
    side.wire.receive(await side.deflated(Buffer.alloc(50 << 20)))
    side.turn()
    expect(await side.sent()).toEqual(['8 Cannot accept a message with too many bytes when inflated'])
    expect(side.protocol.received).toEqual([])
  })

  test('refuses what is not DEFLATE, or ends within a block', async () => {
    for (const [payload, why] of [
      ['ffff', 'Cannot inflate a message that is not DEFLATE'],
      ['f248cd', 'Cannot inflate a message that ends within a block'],
      ['', 'Cannot inflate a message that ends within a block'],
    ] as const) {
      const side = new Side(role)
      side.wire.receive(encodeFor(role, [peerFrame(1, Buffer.from(payload, 'hex'), RSV1)]))
      expect(await side.sent()).toEqual([`8 ${why}`])
    }
  })
})

describe('a prepared message', () => {
  test('is deflated once, and what each WebSocket sends afterwards does not refer to what it has not deflated', async () => {
    const options: GivenOptions<WebSocketOptions> = { deflate: { thresholdBytes: 10 } }
    const [a, b] = [new Side('server', options, {}, true), new Side('server', options, {}, true)]
    const text = 'a message for all, a message for all WebSockets'
    const prepared = prepareMessage(text)
    for (const side of [a, b]) {
      side.transport.sendTextMessage(text)
      side.transport.sendPrepared(prepared)
      side.transport.sendTextMessage(text)
      side.transport.sendPrepared(prepareMessage('short'))
      expect(await side.sent()).toEqual([`1* ${text}`, `1* ${text}`, `1* ${text}`, '1 short'])
    }
  })

  test('keeps its place among messages that wait', async () => {
    const side = new Side('server', { deflate: { thresholdBytes: 10 } }, {}, true)
    const text = 'a message for all, a message for all WebSockets'
    side.transport.sendBytesMessage(Buffer.alloc(100_000, text))
    side.transport.sendTextMessage(text)
    side.transport.sendPrepared(prepareMessage(text))
    side.transport.sendTextMessage(text)
    side.turn()
    expect(await side.sent()).toEqual(['2* (100000)', `1* ${text}`, `1* ${text}`, `1* ${text}`])
  })

  test('is deflated by each client, whose frames are masked', async () => {
    const side = new Side('client', { deflate: { thresholdBytes: 10 } })
    side.transport.sendPrepared(prepareMessage('a message for all, a message for all WebSockets'))
    expect(await side.sent()).toEqual(['1* a message for all, a message for all WebSockets'])
  })
})

describe('two sides', () => {
  test('work with public functions of zlib alone, where Node has nothing else', async () => {
    const works = vi.spyOn(ZlibHandle, 'worksSync').mockReturnValue(false)
    onTestFinished(() => works.mockRestore())
    const [server, client] = [new Side('server'), new Side('client')]
    const texts = ['one two', 'one two', 'large '.repeat(30_000), 'one two']
    for (const text of texts) client.transport.sendTextMessage(text, { compress: true })
    client.turn()
    expect(client.options.deflate?.openDeflaters).toBe(0)
    server.wire.receive(client.wire.bytes())
    await server.reactor.settle()
    expect(server.protocol.received).toEqual(texts)
    for (const text of texts) server.transport.sendTextMessage(text)
    server.turn()
    expect(await server.sent()).toEqual(['1 one two', '1 one two', '1* (180000)', '1 one two'])
  })

  test('agree with themselves over many messages of all sizes', async () => {
    const [server, client] = [new Side('server'), new Side('client')]
    const texts = Array.from({ length: 40 }, (_, at) => `${at} `.repeat((at * 997) % 5000))
    for (const text of texts) client.transport.sendTextMessage(text, { compress: true })
    await client.reactor.settle()
    server.wire.receive(client.wire.bytes())
    await server.reactor.settle()
    expect(server.protocol.received).toEqual(texts)
  })
})

/** Inflates a message that stands alone. */
function inflated(payload: readonly number[]): string {
  const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH }
  return zlib.inflateRawSync(Buffer.of(...payload, 0, 0, 255, 255), options).toString()
}

/** Bytes that cannot be compressed. */
function noise(count: number): Buffer {
  const data = Buffer.alloc(count)
  let state = 1
  for (let at = 0; at < count; at++)
    data[at] = (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24
  return data
}
