import { ConnectionDone } from '@ropewalk/core'
import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import type { WebSocketOptions } from '../../src/connection/websocket-options.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { WebSocketClassFactory } from '../../src/server/websocket-server-factory.ts'
import { closing, frame, handshake, serverFrame, SiteExchange } from '../websocket-exchange.ts'

class Echo extends WebSocketProtocol {
  readonly closed: WebSocketClosed[] = []
  override textMessageReceived(text: string): void | Promise<void> {
    if (text === 'throw') throw new Error('thrown')
    if (text === 'reject') return Promise.reject(new Error('rejected'))
    if (text === 'close') return this.transport.loseConnection(3001, 'as you wish')
    this.transport.sendTextMessage(text)
  }
  override bytesMessageReceived(data: Buffer): void {
    this.transport.sendBytesMessage(data)
  }
  override connectionLost(reason: WebSocketClosed): void {
    this.closed.push(reason)
  }
}

function exchangeWith(protocol: WebSocketProtocol, options: Partial<WebSocketOptions> = {}): SiteExchange {
  const Instance = function (this: unknown) {
    return protocol
  } as unknown as new () => WebSocketProtocol
  return new SiteExchange(new WebSocketResource(new WebSocketClassFactory(Instance), options))
}

describe('WebSocketChannel', () => {
  test('receives and sends text and binary messages', async () => {
    const exchange = exchangeWith(new Echo())
    await exchange.open()
    await exchange.send(frame(1, 'Grüße'), frame(2, Uint8Array.of(0, 255)))
    expect(await exchange.received()).toEqual(
      Buffer.concat([serverFrame(1, 'Grüße'), serverFrame(2, Uint8Array.of(0, 255))]),
    )
  })

  test('receives frames under every cut, also in one segment with the handshake', async () => {
    for (const pieces of chunkings(
      Buffer.concat([Buffer.from(handshake()), frame(1, 'hi'), frame(2, 'you')]),
    )) {
      const exchange = exchangeWith(new Echo())
      for (const piece of pieces) exchange.transport.receive(piece)
      const received = await exchange.received()
      const head = received.subarray(0, received.indexOf('\r\n\r\n') + 4)
      expect(head.toString()).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
      expect(received.subarray(head.length)).toEqual(
        Buffer.concat([serverFrame(1, 'hi'), serverFrame(2, 'you')]),
      )
    }
  })

  test('delivers fragments as one message, and replies to control frames between them', async () => {
    const fragments = [
      frame(1, 'a', { fin: false }),
      frame(9, 'ping'),
      frame(0, 'b', { fin: false }),
      frame(0, 'c'),
    ]
    for (const pieces of chunkings(Buffer.concat(fragments))) {
      const exchange = exchangeWith(new Echo())
      await exchange.open()
      for (const piece of pieces) exchange.transport.receive(piece)
      expect(await exchange.received()).toEqual(
        Buffer.concat([serverFrame(10, 'ping'), serverFrame(1, 'abc')]),
      )
    }
  })

  test('receives a 1 MiB message that arrives one byte at a time', async () => {
    const exchange = exchangeWith(new Echo())
    await exchange.open()
    const message = Buffer.alloc(1 << 20, 'abcdefg')
    const bytes = frame(2, message)
    for (let at = 0; at < bytes.length; at++) exchange.transport.receive(bytes.subarray(at, at + 1))
    const received = await exchange.received()
    expect(received.length).toBe(10 + message.length)
    expect(received.subarray(10).equals(message)).toBe(true)
  })

  test('replies to a close frame with the same code, and closes TCP', async () => {
    const protocol = new Echo()
    const exchange = exchangeWith(protocol)
    await exchange.open()
    await exchange.send(frame(8, closing(1000, 'bye')))
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1000)))
    expect(exchange.closed).toBe(true)
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ code: 1000, reason: 'bye', closedBy: 'peer', sentCode: 1000 }])
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
  })

  test('replies to a close frame without a code with one without a code', async () => {
    const protocol = new Echo()
    const exchange = exchangeWith(protocol)
    await exchange.open()
    await exchange.send(frame(8))
    expect(await exchange.received()).toEqual(serverFrame(8))
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ code: 1005, closedBy: 'peer' }])
  })

  test("delivers nothing until the peer's close frame after its own, then closes TCP", async () => {
    const protocol = new Echo()
    const exchange = exchangeWith(protocol)
    await exchange.open()
    await exchange.send(frame(1, 'close'), frame(1, 'late'))
    expect(await exchange.received()).toEqual(serverFrame(8, closing(3001, 'as you wish')))
    expect(exchange.closed).toBe(false)
    await exchange.send(frame(8, closing(3001)))
    expect(exchange.closed).toBe(true)
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ code: 3001, closedBy: 'us', sentCode: 3001 }])
  })

  test('aborts when no close frame arrives within closeTimeoutMs after its own', async () => {
    const protocol = new Echo()
    const exchange = exchangeWith(protocol, { closeTimeoutMs: 5000 })
    await exchange.open()
    await exchange.send(frame(1, 'close'))
    exchange.reactor.advance(4999)
    expect(exchange.transport.connected).toBe(true)
    exchange.reactor.advance(1)
    expect(exchange.transport.connected).toBe(false)
    expect(protocol.closed).toMatchObject([{ code: 1006, closedBy: 'us', sentCode: 3001 }])
  })

  test("does not abort while TCP closes after the peer's close frame", async () => {
    const protocol = new Echo()
    const exchange = exchangeWith(protocol, { closeTimeoutMs: 500 })
    await exchange.open()
    await exchange.send(frame(1, 'close'), frame(8, closing(3001)))
    exchange.reactor.advance(1000)
    expect(exchange.transport.connected).toBe(true)
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ closedBy: 'us', wasClean: true }])
    expect(protocol.closed[0]?.cause).toBeInstanceOf(ConnectionDone)
  })

  test('sends a close frame with the reason after a violation, and reads nothing more', async () => {
    const cases: [Buffer, number][] = [
      [Buffer.from([0x81, 0x01, 0x61]), 1002],
      [frame(1, Uint8Array.of(0xff)), 1007],
      [frame(3), 1002],
      [frame(0, 'x'), 1002],
      [frame(2, Buffer.alloc(2000)), 1009],
    ]
    for (const [bytes, code] of cases) {
      const exchange = exchangeWith(new Echo(), { maxMessageBytes: 1000 })
      await exchange.open()
      await exchange.send(Buffer.concat([bytes, frame(1, 'never')]))
      const received = await exchange.received()
      expect(received[0]).toBe(0x88)
      expect(received.readUInt16BE(2)).toBe(code)
      expect(received.length).toBe(2 + (received[1] ?? 0))
      expect(exchange.closed).toBe(true)
    }
  })

  test('closes with 1007 before the rest of an invalid text message has arrived', async () => {
    const exchange = exchangeWith(new Echo())
    await exchange.open()
    await exchange.send(
      frame(1, Buffer.concat([Buffer.from('ab'), Uint8Array.of(0xc0), Buffer.alloc(90, 'x')])).subarray(0, 9),
    )
    expect((await exchange.received()).readUInt16BE(2)).toBe(1007)
  })

  test('closes with 1011 and logs when a callback throws or rejects', async () => {
    for (const word of ['throw', 'reject']) {
      const exchange = exchangeWith(new Echo())
      await exchange.open()
      await exchange.send(frame(1, word))
      expect((await exchange.received()).readUInt16BE(2)).toBe(1011)
      expect(exchange.closed).toBe(true)
      expect(exchange.reactor.logged).toMatchObject([
        { level: 'error', namespace: 'ropewalk.websocket', connection: { id: 1, protocol: 'Echo' } },
      ])
    }
  })

  test('holds messages back while a promise of a callback is pending', async () => {
    const received: string[] = []
    let settle: (() => void) | undefined
    const exchange = exchangeWith(
      new (class extends WebSocketProtocol {
        override textMessageReceived(text: string): Promise<void> {
          received.push(text)
          return new Promise((resolve) => (settle = resolve))
        }
      })(),
    )
    await exchange.open()
    await exchange.send(Buffer.concat([frame(1, 'one'), frame(1, 'two')]), frame(1, 'three'))
    expect(received).toEqual(['one'])
    settle?.()
    await exchange.reactor.settle()
    settle?.()
    await exchange.reactor.settle()
    expect(received).toEqual(['one', 'two', 'three'])
  })

  test('replies only to the newest of many pings while the peer does not read', async () => {
    const exchange = exchangeWith(new Echo())
    await exchange.open()
    exchange.transport.block()
    await exchange.send(frame(2, Buffer.alloc(60_000)))
    for (let i = 0; i < 100; i++) await exchange.send(frame(9, String(i)))
    await exchange.received()
    exchange.transport.unblock()
    expect(await exchange.received()).toEqual(serverFrame(10, '99'))
  })

  test('replies to every ping of a segment, in order, while the peer reads', async () => {
    const exchange = exchangeWith(new Echo())
    await exchange.open()
    const words = Array.from({ length: 10 }, (_, at) => String(at))
    await exchange.send(Buffer.concat(words.map((word) => frame(9, word))))
    expect(await exchange.received()).toEqual(Buffer.concat(words.map((word) => serverFrame(10, word))))
  })

  test('ends with 1006 when the peer sends a FIN or a reset without a close frame', async () => {
    for (const leave of ['receiveEnd', 'receiveReset'] as const) {
      const protocol = new Echo()
      const exchange = exchangeWith(protocol)
      await exchange.open()
      exchange.transport[leave]()
      expect(protocol.closed).toMatchObject([{ code: 1006, closedBy: 'neither' }])
    }
  })
})
