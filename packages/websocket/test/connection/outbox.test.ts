import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import type { WebSocketOptions } from '../../src/connection/websocket-options.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { openExchange } from '../pending-protocol.ts'
import { closing, frame, type SiteExchange } from '../websocket-exchange.ts'
import { framesOf, outline } from './sent-frames.ts'

class Sender extends WebSocketProtocol {
  readonly closed: WebSocketClosed[] = []
  readonly pongs: string[] = []
  override pongReceived(payload: Buffer): void {
    this.pongs.push(payload.toString())
  }
  override connectionLost(reason: WebSocketClosed): void {
    this.closed.push(reason)
  }
}

/** A WebSocket whose client does not read, and whose transport is beyond its high-water mark. */
class Blocked {
  readonly protocol = new Sender()
  readonly exchange: SiteExchange

  private constructor(protocol: Sender, exchange: SiteExchange) {
    this.protocol = protocol
    this.exchange = exchange
  }

  static async open(options: Partial<WebSocketOptions> = {}, first = 70_000): Promise<Blocked> {
    const protocol = new Sender()
    const blocked = new Blocked(protocol, await openExchange(protocol, options))
    blocked.exchange.transport.block()
    if (first > 0) blocked.transport.sendBytesMessage(Buffer.alloc(first))
    return blocked
  }

  get transport(): Sender['transport'] {
    return this.protocol.transport
  }

  /** Lets the client read everything; returns the frames after the first one. */
  async rest(): Promise<string> {
    this.exchange.transport.unblock()
    return outline(await this.exchange.received())
      .split(', ')
      .slice(1)
      .join(', ')
  }
}

describe('Outbox', () => {
  test('sends messages that wait in their order', async () => {
    const { transport, ...blocked } = await open()
    expect(transport.sendTextMessage('one')).toBe('queued')
    expect(transport.sendBytesMessage(Buffer.from('two'))).toBe('queued')
    expect(transport.sendTextMessage(Buffer.from('é'))).toBe('queued')
    expect(await blocked.rest()).toBe('1 one, 2 two, 1 é')
    expect(transport.sendTextMessage('direct')).toBe('sent')
  })

  test('lets pings and pongs overtake messages that wait', async () => {
    const { transport, exchange, rest } = await open()
    transport.sendTextMessage('waits')
    expect(transport.ping(Buffer.from('p'))).toBe('queued')
    await exchange.send(frame(9, 'q'))
    expect(await rest()).toBe('9 p, 1 waits, a q')
  })

  test('sends a large message in fragments, between which control frames can be sent', async () => {
    const { transport, exchange } = await open()
    const large = Buffer.from('0123456789'.repeat(30_000))
    transport.sendBytesMessage(large)
    transport.sendTextMessage('after')
    expect(transport.bufferedBytes).toBeGreaterThan(370_000)
    const sent: Buffer[] = []
    for (let times = 0; times < 10; times++) {
      await exchange.send(frame(9, String(times)))
      exchange.transport.unblock()
      exchange.transport.block()
      sent.push(await exchange.received())
    }
    exchange.transport.unblock()
    sent.push(await exchange.received())
    const frames = framesOf(Buffer.concat(sent)).slice(1)
    const data = frames.filter(({ opcode }) => opcode < 8)
    expect(data.map(({ opcode, fin }) => `${opcode}${fin ? '' : '-'}`)).toEqual([
      '2-',
      '0-',
      '0-',
      '0-',
      '0',
      '1',
    ])
    expect(Buffer.concat(data.slice(0, -1).map(({ payload }) => payload))).toEqual(large)
    const firstPong = frames.findIndex(({ opcode }) => opcode === 10)
    expect(firstPong).toBeLessThan(frames.findIndex(({ opcode, fin }) => opcode === 0 && fin))
  })

  test('sends a large message whole when nothing waits', async () => {
    const { transport, exchange } = await open({}, 0)
    transport.sendBytesMessage(Buffer.alloc(1_048_576))
    exchange.transport.unblock()
    expect(outline(await exchange.received())).toBe('2 (1048576)')
  })

  test('sends a message of more than 1 MiB in fragments', async () => {
    const { transport, exchange } = await open({}, 0)
    expect(transport.sendBytesMessage(Buffer.alloc(1_048_577))).toBe('queued')
    exchange.transport.unblock()
    const frames = framesOf(await exchange.received())
    expect(frames.map(({ payload }) => payload.length)).toEqual([...Array<number>(16).fill(65_536), 1])
  })

  test('sends its close frame after all messages, and frees the handshake from those that wait', async () => {
    const { transport, exchange } = await open()
    transport.sendTextMessage('one')
    transport.sendBytesMessage(Buffer.alloc(100_000))
    transport.loseConnection(4000)
    expect(transport.sendTextMessage('late')).toBe('dropped')
    exchange.transport.unblock()
    const frames = framesOf(await exchange.received()).slice(1)
    expect(frames.map(({ opcode }) => opcode)).toEqual([1, 2, 8])
    await exchange.send(frame(8, closing(4000)))
    expect(exchange.closed).toBe(true)
  })

  test('sends the rest of a fragmented message before its close frame', async () => {
    const { transport, exchange } = await open()
    transport.sendBytesMessage(Buffer.alloc(150_000))
    const sent: Buffer[] = []
    exchange.transport.unblock()
    exchange.transport.block()
    sent.push(await exchange.received())
    transport.loseConnection(4000)
    exchange.transport.unblock()
    sent.push(await exchange.received())
    const frames = framesOf(Buffer.concat(sent)).slice(1)
    const data = frames.slice(0, -1)
    expect(data.length).toBeGreaterThan(1)
    expect(data.map(({ fin }) => fin)).toEqual(data.map((_, at) => at === data.length - 1))
    expect(Buffer.concat(data.map(({ payload }) => payload)).length).toBe(150_000)
    expect(frames.at(-1)).toMatchObject({ opcode: 8 })
  })

  test("sends what waits before its reply to the peer's close frame", async () => {
    const { transport, exchange, rest } = await open()
    transport.sendTextMessage('one')
    await exchange.send(frame(8, closing(1000)))
    expect(await rest()).toMatch(/^1 one, 8 /)
    expect(exchange.closed).toBe(true)
  })

  test('resolves drained() when nothing waits any more', async () => {
    const { transport, exchange } = await open()
    for (let count = 0; count < 5; count++) transport.sendBytesMessage(Buffer.alloc(50_000))
    let drained: boolean | undefined
    void transport.drained().then((room) => (drained = room))
    await exchange.reactor.settle()
    expect(drained).toBeUndefined()
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(drained).toBe(true)
    expect(transport.bufferedBytes).toBe(0)
  })

  test('resolves drained() with false when the connection is lost while messages wait', async () => {
    const { transport, exchange } = await open()
    transport.sendTextMessage('one')
    const drained = transport.drained()
    exchange.transport.receiveReset()
    expect(await drained).toBe(false)
    expect(transport.bufferedBytes).toBe(0)
  })

  test('works with whole frames under every cut of what the client sends', async () => {
    const bytes = Buffer.concat([frame(9, 'a'), frame(1, 'hi'), frame(9, 'b')])
    for (const pieces of chunkings(bytes)) {
      const { transport, exchange, rest } = await open()
      transport.sendTextMessage('waits')
      await exchange.send(...pieces)
      expect(await rest()).toBe('1 waits, a b')
    }
  })
})

describe('maxQueuedBytes', () => {
  const LITTLE = { maxQueuedBytes: 80_000 }

  test('closes with 1013 by default, and drops what waits', async () => {
    const { transport, protocol, exchange, rest } = await open(LITTLE)
    expect(transport.sendTextMessage('x'.repeat(10_000))).toBe('queued')
    expect(transport.sendTextMessage('too much')).toBe('dropped')
    expect(transport.open).toBe(false)
    expect(transport.bufferedBytes).toBeLessThan(71_000)
    expect(await rest()).toMatch(/^8 /)
    await exchange.send(frame(8, closing(1013)))
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(protocol.closed).toMatchObject([{ sentCode: 1013, closedBy: 'us', wasClean: true }])
  })

  test('accepts a message that is larger by itself, when nothing waits', async () => {
    const { transport, rest } = await open(LITTLE, 0)
    expect(transport.sendBytesMessage(Buffer.alloc(200_000))).toBe('queued')
    expect(transport.open).toBe(true)
    expect(await rest()).toBe('')
  })

  test('drops the newest messages with drop-newest', async () => {
    const { transport, rest } = await open({ ...LITTLE, whenFull: 'drop-newest' })
    const statuses = ['a', 'b', 'c', 'd'].map((letter) => transport.sendTextMessage(letter.repeat(5000)))
    expect(statuses).toEqual(['queued', 'queued', 'dropped', 'dropped'])
    expect(transport.open).toBe(true)
    expect(await rest()).toBe('1 (5000), 1 (5000)')
    expect(transport.sendTextMessage('again')).toBe('sent')
  })

  test('drops the oldest waiting messages with drop-oldest', async () => {
    const { transport, exchange } = await open({ ...LITTLE, whenFull: 'drop-oldest' })
    const statuses = ['a', 'b', 'c', 'd'].map((letter) => transport.sendTextMessage(letter.repeat(5000)))
    expect(statuses).toEqual(['queued', 'queued', 'queued', 'queued'])
    exchange.transport.unblock()
    const frames = framesOf(await exchange.received()).slice(1)
    expect(frames.map(({ payload }) => String.fromCharCode(payload[0] ?? 0)).join('')).toBe('cd')
  })

  test('does not drop a message that has begun with drop-oldest', async () => {
    const { transport, exchange } = await open({ maxQueuedBytes: 150_000, whenFull: 'drop-oldest' })
    transport.sendBytesMessage(Buffer.alloc(200_000, 'a'))
    exchange.transport.unblock()
    exchange.transport.block()
    const sent = [await exchange.received()]
    for (const letter of ['b', 'c', 'd']) transport.sendBytesMessage(Buffer.alloc(60_000, letter))
    exchange.transport.unblock()
    sent.push(await exchange.received())
    const messages = framesOf(Buffer.concat(sent)).slice(1)
    expect(Buffer.concat(messages.map(({ payload }) => payload)).subarray(0, 200_000)).toEqual(
      Buffer.alloc(200_000, 'a'),
    )
  })

  test('drops the message when the transport alone holds too much', async () => {
    const { transport, rest } = await open({ maxQueuedBytes: 60_000, whenFull: 'drop-oldest' })
    expect(transport.sendTextMessage('x')).toBe('dropped')
    expect(await rest()).toBe('')
  })

  test('counts 64 bytes for each message, so that empty ones have a limit', async () => {
    const { transport } = await open({ ...LITTLE, whenFull: 'drop-newest' })
    let accepted = 0
    while (transport.sendTextMessage('') === 'queued') accepted++
    expect(accepted).toBeGreaterThan(100)
    expect(accepted).toBeLessThan(200)
  })

  test('also applies below the high-water mark of the transport', async () => {
    const { transport } = await open({ maxQueuedBytes: 10, whenFull: 'drop-newest' }, 0)
    expect(transport.sendTextMessage('0123456789')).toBe('sent')
    expect(transport.sendTextMessage('x')).toBe('dropped')
  })

  test('holds at most the limit for a client that never reads', async () => {
    const { transport, exchange } = await open({ maxQueuedBytes: 1_000_000 })
    let most = 0
    for (let count = 0; count < 5000 && transport.open; count++) {
      transport.sendBytesMessage(Buffer.alloc(1000))
      most = Math.max(most, transport.bufferedBytes)
    }
    expect(transport.open).toBe(false)
    expect(most).toBeLessThan(1_000_000 + 1100)
    expect(exchange.transport.connected).toBe(true)
  })
})

/** Opens a blocked WebSocket, as an object whose parts can be taken. */
async function open(options?: Partial<WebSocketOptions>, first?: number) {
  const blocked = await Blocked.open(options, first)
  const { transport, exchange, protocol } = blocked
  return { transport, exchange, protocol, rest: () => blocked.rest() }
}
