import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import type { WebSocketTransport } from '../../src/connection/websocket-transport.ts'
import { closing, frame, serverFrame, SiteExchange } from '../websocket-exchange.ts'

const received: string[] = []

class Listener extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    received.push(text)
  }
  override pongReceived(payload: Buffer): void {
    received.push(`pong ${payload.toString()}`)
  }
  override connectionLost(): void {
    received.push('lost')
  }
}

async function open(): Promise<{ exchange: SiteExchange; transport: WebSocketTransport }> {
  received.length = 0
  let transport: WebSocketTransport | undefined
  class Opened extends Listener {
    override negotiationFinished(): void {
      transport = this.transport
    }
  }
  const exchange = new SiteExchange(WebSocketResource.forProtocol(Opened))
  await exchange.open()
  if (transport === undefined) throw new Error('The WebSocket did not open')
  return { exchange, transport }
}

describe('WebSocketTransport', () => {
  test('sends messages and pings, and returns both addresses', async () => {
    const { exchange, transport } = await open()
    expect(transport.open).toBe(true)
    expect(transport.subprotocol).toBeUndefined()
    expect(transport.getPeer()).toMatchObject({ host: '192.168.1.1' })
    expect(transport.getHost()).toMatchObject({ host: '10.0.0.1' })
    expect(transport.sendTextMessage('a')).toBe('sent')
    expect(transport.sendBytesMessage(Uint8Array.of(1))).toBe('sent')
    expect(transport.ping(Buffer.from('p'))).toBe('sent')
    expect(await exchange.received()).toEqual(
      Buffer.concat([serverFrame(1, 'a'), serverFrame(2, Uint8Array.of(1)), serverFrame(9, 'p')]),
    )
    await exchange.send(frame(10, 'p'))
    expect(received).toEqual(['pong p'])
  })

  test('checks what it is asked to send, whether it is open or closing', async () => {
    const { transport } = await open()
    for (const isOpen of [true, false]) {
      expect(transport.open).toBe(isOpen)
      expect(() => transport.ping(Buffer.alloc(126))).toThrow(
        new RangeError('Cannot take payload.length 126 for ping: give a Uint8Array of at most 125 bytes'),
      )
      expect(transport.ping(Buffer.alloc(125))).toBe(isOpen ? 'sent' : 'dropped')
      expect(() => transport.ping('p' as never)).toThrow(TypeError)
      expect(() => transport.sendTextMessage(Buffer.of(0xff))).toThrow(TypeError)
      expect(() => transport.sendTextMessage(5 as never)).toThrow(TypeError)
      expect(() => transport.sendBytesMessage('a' as never)).toThrow(TypeError)
      transport.loseConnection()
    }
  })

  test('throws for a close code or reason that cannot be sent, and stays open', async () => {
    const { exchange, transport } = await open()
    expect(() => transport.loseConnection(1006)).toThrow(RangeError)
    expect(() => transport.loseConnection(1000, 'x'.repeat(124))).toThrow(RangeError)
    expect(transport.open).toBe(true)
    transport.loseConnection(4000, 'enough')
    transport.loseConnection(4001)
    expect(transport.sendTextMessage('late')).toBe('dropped')
    expect(await exchange.received()).toEqual(serverFrame(8, closing(4000, 'enough')))
  })

  test('returns queued while the peer does not read, and drained() waits until it reads', async () => {
    const { exchange, transport } = await open()
    exchange.transport.block()
    expect(transport.sendBytesMessage(Buffer.alloc(100_000))).toBe('queued')
    expect(transport.bufferedBytes).toBeGreaterThan(100_000)
    let drained: boolean | undefined
    void transport.drained().then((writable) => (drained = writable))
    await exchange.reactor.settle()
    expect(drained).toBeUndefined()
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(drained).toBe(true)
  })

  test('resolves drained() with false once it is closing, so that a loop of sends ends', async () => {
    const { exchange, transport } = await open()
    exchange.transport.block()
    transport.sendBytesMessage(Buffer.alloc(100_000))
    const before = transport.drained()
    transport.loseConnection()
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(await before).toBe(false)
    expect(await transport.drained()).toBe(false)
    exchange.transport.receiveReset()
    expect(await transport.drained()).toBe(false)
  })

  test('delivers nothing inside resumeProducing or loseConnection', async () => {
    const { exchange, transport } = await open()
    transport.pauseProducing()
    await exchange.send(frame(1, 'one'), frame(9, 'p'))
    expect(await exchange.received()).toEqual(serverFrame(10, 'p'))
    transport.resumeProducing()
    expect(received).toEqual([])
    await exchange.reactor.settle()
    expect(received).toEqual(['one'])
    transport.pauseProducing()
    await exchange.send(frame(1, 'two'))
    transport.loseConnection()
    await exchange.send(frame(1, 'three'))
    expect(received).toEqual(['one'])
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1000)))
  })

  test('while paused, notices a close frame, and drops held messages after departureGraceMs', async () => {
    const { exchange, transport } = await open()
    const { signal } = transport
    transport.pauseProducing()
    await exchange.send(frame(1, 'one'), frame(8, closing(1000)))
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1000)))
    expect(signal.aborted).toBe(true)
    exchange.transport.receiveEnd()
    exchange.reactor.advance(5100)
    transport.resumeProducing()
    await exchange.reactor.settle()
    expect(received).toEqual(['lost'])
  })

  test('delivers held messages when it is resumed within departureGraceMs', async () => {
    const { exchange, transport } = await open()
    transport.pauseProducing()
    await exchange.send(frame(1, 'one'), frame(8, closing(1000)))
    exchange.transport.receiveEnd()
    transport.resumeProducing()
    await exchange.reactor.settle()
    expect(received).toEqual(['one', 'lost'])
  })

  test('holds messages while paused, and delivers them after resumeProducing', async () => {
    const { exchange, transport } = await open()
    transport.pauseProducing()
    await exchange.send(frame(1, 'one'), frame(1, 'two'))
    expect(received).toEqual([])
    transport.resumeProducing()
    await exchange.reactor.settle()
    expect(received).toEqual(['one', 'two'])
  })

  test('pauses a producer above the high-water mark', async () => {
    const { exchange, transport } = await open()
    const calls: string[] = []
    exchange.transport.block()
    transport.attachProducer(
      {
        pauseProducing: () => calls.push('pause'),
        resumeProducing: () => calls.push('resume'),
        stopProducing: () => calls.push('stop'),
      },
      true,
    )
    transport.sendBytesMessage(Buffer.alloc(100_000))
    exchange.transport.unblock()
    await exchange.reactor.settle()
    transport.detachProducer()
    expect(calls).toEqual(['pause', 'resume'])
  })

  test.each([
    ['sends a message', (transport: WebSocketTransport) => transport.sendTextMessage('late')],
    ['closes', (transport: WebSocketTransport) => transport.loseConnection(4001)],
  ] as const)('sends nothing after its close frame, when a producer that this pauses %s', async (_, act) => {
    const { exchange, transport } = await open()
    exchange.transport.block()
    const whilePaused: boolean[] = []
    transport.attachProducer(
      {
        pauseProducing: () => {
          whilePaused.push(transport.open)
          act(transport)
        },
        resumeProducing: () => undefined,
        stopProducing: () => undefined,
      },
      true,
    )
    // With the header of 4 bytes, one byte below the high-water mark.
    transport.sendBytesMessage(Buffer.alloc(65_536 - 1 - 4))
    expect(whilePaused).toEqual([])
    transport.loseConnection(4000)
    expect(whilePaused).toEqual([false])
    exchange.transport.unblock()
    const close = serverFrame(8, closing(4000))
    expect((await exchange.received()).subarray(-close.length)).toEqual(close)
  })

  test('resets without a close frame on abortConnection', async () => {
    const { exchange, transport } = await open()
    const { signal } = transport
    transport.abortConnection()
    expect((await exchange.received()).length).toBe(0)
    expect(signal.aborted).toBe(true)
  })

  test.each([
    ['a close frame of the peer', (exchange: SiteExchange) => exchange.send(frame(8, closing(1000))), true],
    [
      'our close frame',
      (_: SiteExchange, transport: WebSocketTransport) => transport.loseConnection(),
      false,
    ],
    ['a violation by the peer', (exchange: SiteExchange) => exchange.send(frame(3)), true],
    ["the peer's FIN", (exchange: SiteExchange) => exchange.transport.receiveEnd(), true],
    ['a stop of the reactor', (exchange: SiteExchange) => exchange.transport.drain(), false],
    ['a reset', (exchange: SiteExchange) => exchange.transport.receiveReset(), true],
  ] as const)('stops a producer and detaches it after %s', async (_, end, closes) => {
    for (const streaming of [true, false]) {
      const { exchange, transport } = await open()
      const calls: string[] = []
      const producer = {
        pauseProducing: () => calls.push('pause'),
        resumeProducing: () => calls.push('resume'),
        stopProducing: () => calls.push('stop'),
      }
      if (streaming) transport.attachProducer(producer, true)
      else transport.attachProducer(producer, false)
      await end(exchange, transport)
      await exchange.reactor.settle()
      expect(calls.filter((call) => call !== 'resume')).toEqual(['stop'])
      expect(exchange.closed).toBe(closes)
      transport.attachProducer(producer, true)
      expect(calls.filter((call) => call !== 'resume')).toEqual(['stop', 'stop'])
      await exchange.send(frame(8, closing(1000)))
      exchange.transport.receiveEnd()
      expect(exchange.transport.connected).toBe(false)
    }
  })

  test('logs the error of a producer that throws when it is stopped', async () => {
    const { exchange, transport } = await open()
    transport.loseConnection()
    transport.attachProducer(
      {
        resumeProducing: () => undefined,
        stopProducing: () => {
          throw new Error('cannot stop')
        },
      },
      false,
    )
    expect(exchange.reactor.logged).toMatchObject([{ error: { message: 'cannot stop' } }])
  })

  test('sends its close frame also when a producer throws as it is stopped', async () => {
    const { exchange, transport } = await open()
    transport.attachProducer(
      {
        pauseProducing: () => undefined,
        resumeProducing: () => undefined,
        stopProducing: () => {
          throw new Error('cannot stop')
        },
      },
      true,
    )
    transport.loseConnection(4000)
    expect(await exchange.received()).toEqual(serverFrame(8, closing(4000)))
    expect(exchange.transport.aborted).toBe(false)
    expect(exchange.reactor.flushLoggedErrors()).toMatchObject([{ message: 'cannot stop' }])
  })

  test('resolves drained with false when the connection ends in the turn of the call', async () => {
    const { exchange, transport } = await open()
    exchange.transport.block()
    const drained = transport.drained()
    expect(transport.sendBytesMessage(Buffer.alloc(100_000))).toBe('queued')
    exchange.transport.receiveReset()
    await exchange.reactor.settle()
    expect(await Promise.race([drained, Promise.resolve('pending')])).toBe(false)
  })
})
