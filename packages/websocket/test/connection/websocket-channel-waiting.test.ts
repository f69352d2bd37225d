import { ConnectionDone, ConnectionLost, sleep } from '@ropewalk/core'
import { chunkings } from '@ropewalk/core/testing'
import { NOT_DONE_YET, type RenderResult, type Request, Resource } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import { WebSocketChannel } from '../../src/connection/websocket-channel.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { openExchange, Pending, thenable } from '../pending-protocol.ts'
import { closing, frame, serverFrame, SiteExchange } from '../websocket-exchange.ts'

const ENDS: Readonly<Record<string, (exchange: SiteExchange) => Promise<void> | void>> = {
  'close frame': (exchange) => exchange.send(frame(8, closing(1000))),
  FIN: (exchange) => exchange.transport.receiveEnd(),
  'close frame and a FIN': async (exchange) => {
    await exchange.send(frame(8, closing(1000)))
    exchange.transport.receiveEnd()
  },
}

describe('WebSocketChannel, while a promise of a callback is pending', () => {
  test('replies to pings, under every cut', async () => {
    for (const pieces of chunkings(
      Buffer.concat([frame(1, 'a'), frame(9, 'p'), frame(1, 'b'), frame(9, 'q')]),
    )) {
      const protocol = new Pending()
      const exchange = await openExchange(protocol)
      for (const piece of pieces) exchange.transport.receive(piece)
      expect(await exchange.received()).toEqual(Buffer.concat([serverFrame(10, 'p'), serverFrame(10, 'q')]))
      expect(protocol.calls).toEqual(['a'])
    }
  })

  test('calls pongReceived', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(10, 'p'))
    expect(protocol.calls).toEqual(['a', 'pong p'])
  })

  test('replies to a close frame, closes TCP and aborts the signal at once, under every cut', async () => {
    for (const pieces of chunkings(Buffer.concat([frame(1, 'a'), frame(8, closing(4000, 'bye'))]))) {
      const protocol = new Pending()
      const exchange = await openExchange(protocol)
      const { signal } = protocol.transport
      for (const piece of pieces) exchange.transport.receive(piece)
      expect(await exchange.received()).toEqual(serverFrame(8, closing(4000)))
      expect(exchange.closed).toBe(true)
      expect(signal.aborted).toBe(true)
      expect(signal.reason).toBeInstanceOf(ConnectionDone)
      expect(protocol.transport.open).toBe(false)
      exchange.transport.receiveEnd()
      expect(exchange.transport.connected).toBe(false)
      expect(protocol.calls).toEqual(['a'])
      protocol.settle()
      await exchange.reactor.settle()
      expect(protocol.calls).toEqual(['a', 'lost'])
      expect(protocol.closed).toMatchObject([{ code: 4000, reason: 'bye', closedBy: 'peer', wasClean: true }])
    }
  })

  test('closes TCP and aborts the signal at once when the peer sends a FIN', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    const { signal } = protocol.transport
    await exchange.send(frame(1, 'a'))
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(exchange.closed).toBe(true)
    expect(signal.reason).toBeInstanceOf(ConnectionDone)
    protocol.settle()
    await exchange.reactor.settle()
    expect(protocol.closed).toMatchObject([
      { code: 1006, closedBy: 'neither', sentCode: undefined, wasClean: false },
    ])
  })

  test.each(Object.entries(ENDS))('delivers the messages before a %s, in order', async (_, end) => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(1, 'b'), frame(1, 'c'))
    await end(exchange)
    exchange.transport.receiveEnd()
    for (let message = 0; message < 3; message++) {
      await exchange.reactor.settle()
      expect(protocol.closed).toEqual([])
      expect(protocol.transport.sendTextMessage('late')).toBe('dropped')
      protocol.settle()
    }
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['a', 'b', 'c', 'lost'])
  })

  test.each(Object.entries(ENDS))('calls connectionLost departureGraceMs after a %s', async (_, end) => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol, { departureGraceMs: 3000 })
    await exchange.send(frame(1, 'a'), frame(1, 'held'))
    await end(exchange)
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect([...exchange.reactor.connections]).toEqual([])
    exchange.reactor.advance(2999)
    expect(protocol.calls).toEqual(['a'])
    exchange.reactor.advance(101)
    expect(protocol.calls).toEqual(['a', 'lost'])
    protocol.settle()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['a', 'lost'])
  })

  test('calls connectionLost at once and drops held messages when the client resets', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    const { signal } = protocol.transport
    await exchange.send(frame(1, 'a'), frame(1, 'held'))
    exchange.transport.receiveReset()
    expect(protocol.calls).toEqual(['a', 'lost'])
    expect(signal.reason).toBe(protocol.closed[0]?.cause)
    expect(signal.reason).toBeInstanceOf(ConnectionLost)
    protocol.settle()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['a', 'lost'])
  })

  test('closes with a code, drops held messages and aborts the signal after a violation', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    const { signal } = protocol.transport
    await exchange.send(frame(1, 'a'), frame(1, 'held'), frame(3))
    expect((await exchange.received()).readUInt16BE(2)).toBe(1002)
    expect(exchange.closed).toBe(true)
    expect(signal.reason).toBeInstanceOf(ConnectionLost)
    expect(signal.reason.cause.violation).toBe('reserved-opcode')
    exchange.transport.receiveEnd()
    expect(protocol.calls).toEqual(['a', 'lost'])
    expect(protocol.closed).toMatchObject([
      {
        sentCode: 1002,
        sentReason: 'Cannot accept a frame with the reserved opcode 3',
        violation: 'reserved-opcode',
        closedBy: 'us',
        wasClean: false,
      },
    ])
    protocol.settle()
  })

  test('calls connectionLost without waiting for it when this side has closed first', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(1, 'held'))
    protocol.transport.loseConnection(3000, 'enough')
    await exchange.send(frame(8, closing(3000)))
    exchange.transport.receiveEnd()
    expect(protocol.calls).toEqual(['a', 'lost'])
    expect(protocol.closed).toMatchObject([
      { sentCode: 3000, sentReason: 'enough', wasClean: true, violation: undefined },
    ])
  })

  test('drops the connections of 200 clients that leave during callbacks that never settle', async () => {
    for (let at = 0; at < 200; at++) {
      const protocol = new Pending()
      const exchange = await openExchange(protocol)
      await exchange.send(frame(1, 'a'), frame(8, closing(1001)))
      exchange.transport.receiveEnd()
      expect([...exchange.reactor.connections]).toEqual([])
      exchange.reactor.advance(5100)
      expect(protocol.closed).toHaveLength(1)
    }
  })

  test('calls connectionLost when the reactor stops', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    const { reactor } = exchange
    void reactor.run({ installSignalHandlers: false })
    await exchange.send(frame(1, 'a'), frame(8, closing(1000)))
    exchange.transport.receiveEnd()
    void reactor.stop()
    await reactor.settle()
    expect(reactor.running).toBe(false)
    expect(protocol.calls).toEqual(['a', 'lost'])
  })

  test('delivers no further message once the protocol closes after the peer has closed', async () => {
    class Leaving extends Pending {
      override async textMessageReceived(text: string): Promise<void> {
        await super.textMessageReceived(text)
        this.transport.loseConnection()
      }
    }
    const protocol = new Leaving()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(1, 'held'), frame(8, closing(1000)))
    exchange.transport.receiveEnd()
    protocol.settle()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['a', 'lost'])
  })

  test('drops held messages when the protocol aborts within departureGraceMs', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    protocol.transport.pauseProducing()
    await exchange.send(frame(1, 'held'), frame(8, closing(1000)))
    exchange.transport.receiveEnd()
    expect(protocol.calls).toEqual([])
    protocol.transport.abortConnection()
    expect(protocol.calls).toEqual([])
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['lost'])
  })
})

describe('WebSocketChannel, with quick async callbacks', () => {
  class Echo extends Pending {
    override async textMessageReceived(text: string): Promise<void> {
      this.calls.push(text)
      await Promise.resolve()
      if (!this.transport.sendTextMessage(text)) await this.transport.drained()
    }
  }
  const messages = Array.from({ length: 30 }, (_, at) => `${at}`)

  test('sends all replies before its close frame, under every cut', async () => {
    const bytes = Buffer.concat([...messages.map((text) => frame(1, text)), frame(8, closing(1000))])
    const replies = Buffer.concat([
      ...messages.map((text) => serverFrame(1, text)),
      serverFrame(8, closing(1000)),
    ])
    for (const pieces of chunkings(bytes)) {
      const exchange = await openExchange(new Echo())
      for (const piece of pieces) exchange.transport.receive(piece)
      expect(await exchange.received()).toEqual(replies)
    }
  })

  test('sends all replies before it closes after a violation or a FIN', async () => {
    const bytes = Buffer.concat(messages.map((text) => frame(1, text)))
    const replies = Buffer.concat(messages.map((text) => serverFrame(1, text)))
    for (const last of [frame(3), undefined]) {
      const exchange = await openExchange(new Echo())
      exchange.transport.receive(bytes)
      if (last === undefined) exchange.transport.receiveEnd()
      else exchange.transport.receive(last)
      const received = await exchange.received()
      expect(received.subarray(0, replies.length)).toEqual(replies)
      expect(received.length > replies.length).toBe(last !== undefined)
      expect(exchange.closed).toBe(true)
    }
  })
})

describe('WebSocketChannel, within its bounds', () => {
  /** Whether a ping after `frames` gets a pong although the callback for the first message is pending. */
  async function repliesToPing(
    frames: readonly Buffer[],
    options: { maxMessagesAhead?: number; maxBytesAhead?: number } = {},
  ): Promise<boolean> {
    const exchange = await openExchange(new Pending(), options)
    await exchange.send(frame(1, 'pending'), Buffer.concat(frames), frame(9, 'p'))
    return (await exchange.received()).equals(serverFrame(10, 'p'))
  }
  const many = (count: number): Buffer[] => Array.from({ length: count }, () => frame(1, 'x'))

  test('reads on after 16 held messages, and stops after 17', async () => {
    expect(await repliesToPing(many(16))).toBe(true)
    expect(await repliesToPing(many(17))).toBe(false)
    expect(await repliesToPing(many(3), { maxMessagesAhead: 3 })).toBe(true)
    expect(await repliesToPing(many(4), { maxMessagesAhead: 3 })).toBe(false)
    expect(await repliesToPing(many(1), { maxMessagesAhead: 0 })).toBe(false)
  })

  test('reads on after 64 KiB of held payload, and stops after one byte more', async () => {
    expect(await repliesToPing([frame(2, Buffer.alloc(65_536))])).toBe(true)
    expect(await repliesToPing([frame(2, Buffer.alloc(65_537))])).toBe(false)
    expect(await repliesToPing([frame(1, 'éa')], { maxBytesAhead: 3 })).toBe(true)
    expect(await repliesToPing([frame(1, 'éa')], { maxBytesAhead: 2 })).toBe(false)
  })

  test('delivers all messages in order when more arrive than it reads ahead', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol, { maxMessagesAhead: 3 })
    const texts = Array.from({ length: 50 }, (_, at) => `${at}`)
    await exchange.send(Buffer.concat(texts.map((text) => frame(1, text))), frame(8, closing(1000)))
    for (const at of texts.keys()) {
      expect(protocol.calls).toHaveLength(at + 1)
      protocol.settle()
      await exchange.reactor.settle()
    }
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual([...texts, 'lost'])
  })

  test('reads a close frame beyond the bounds at once when the peer sends a FIN', async () => {
    const protocol = new Pending()
    let channel: WebSocketChannel | undefined
    class Upgrading extends Resource {
      override readonly isLeaf = true
      override render(request: Request): RenderResult {
        channel = new WebSocketChannel({ protocol, opening: { role: 'server', request } })
        request.upgrade(channel, { protocol: 'websocket' })
        return NOT_DONE_YET
      }
    }
    const exchange = new SiteExchange(new Upgrading())
    await exchange.open()
    await exchange.send(Buffer.concat([...many(100), frame(8, closing(1000))]))
    expect((await exchange.received()).length).toBe(0)
    channel?.readConnectionLost()
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1000)))
    expect(exchange.closed).toBe(true)
    exchange.transport.receiveEnd()
    for (let message = 0; message < 100; message++) {
      protocol.settle()
      await exchange.reactor.settle()
    }
    expect(protocol.calls).toHaveLength(101)
    expect(protocol.closed).toMatchObject([{ code: 1000, closedBy: 'peer' }])
  })
})

describe('WebSocketChannel, when a callback fails', () => {
  test('logs nothing when it rejects with the end of its connection, or an error caused by it', async () => {
    const failures: ((protocol: Pending) => unknown)[] = [
      ({ transport }) => transport.signal.reason,
      ({ transport }) =>
        Object.assign(new Error('Aborted', { cause: transport.signal.reason }), { name: 'AbortError' }),
    ]
    for (const failure of failures) {
      for (const end of [
        ...Object.values(ENDS),
        (exchange: SiteExchange) => exchange.transport.receiveReset(),
      ]) {
        const protocol = new Pending()
        const exchange = await openExchange(protocol)
        await exchange.send(frame(1, 'a'))
        await end(exchange)
        await exchange.reactor.settle()
        protocol.fail(failure(protocol))
        exchange.transport.receiveEnd()
        await exchange.reactor.settle()
        expect(exchange.reactor.logged).toEqual([])
        expect(protocol.calls).toEqual(['a', 'lost'])
      }
    }
  })

  test('logs nothing when it sleeps with the signal and the peer leaves', async () => {
    class Sleeper extends Pending {
      override async textMessageReceived(): Promise<void> {
        await sleep(60_000, this.transport)
      }
    }
    const protocol = new Sleeper()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(8, closing(1000)))
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(exchange.reactor.logged).toEqual([])
    expect(protocol.calls).toEqual(['lost'])
  })

  test('logs every other failure, also after the end', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(1, 'held'), frame(8, closing(1000)))
    protocol.fail(new Error('unrelated'))
    await exchange.reactor.settle()
    expect(exchange.reactor.logged).toMatchObject([
      { level: 'error', namespace: 'ropewalk.websocket', error: { message: 'unrelated' } },
    ])
    exchange.transport.receiveEnd()
    expect(protocol.calls).toEqual(['a', 'lost'])
  })

  test('waits for the result of a callback only when it is a thenable', async () => {
    class Odd extends Pending {
      override textMessageReceived(text: string): unknown {
        this.calls.push(text)
        if (text === 'thenable') return thenable((settled) => settled())
        if (text === 'failing') return thenable((_, failed) => failed(new Error('rejected')))
        return { number: 5, text: 'text', null: null, array: [1] }[text]
      }
    }
    const protocol = new Odd()
    const exchange = await openExchange(protocol)
    const words = ['number', 'thenable', 'text', 'null', 'array', 'failing']
    await exchange.send(Buffer.concat(words.map((word) => frame(1, word))))
    expect(protocol.calls).toEqual(words)
    expect((await exchange.received()).readUInt16BE(2)).toBe(1011)
    expect(exchange.reactor.logged).toMatchObject([{ error: { message: 'rejected' } }])
  })

  test('aborts the signal, and delivers no further message', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    const { signal } = protocol.transport
    await exchange.send(frame(1, 'a'), frame(1, 'held'))
    const error = new Error('thrown')
    protocol.fail(error)
    await exchange.reactor.settle()
    expect(signal.reason).toBeInstanceOf(ConnectionLost)
    expect(signal.reason.cause).toBe(error)
    expect(protocol.calls).toEqual(['a'])
  })
})

describe('WebSocketChannel, while the promise of negotiationFinished is pending', () => {
  test('holds messages back, and replies to a ping and a close frame', async () => {
    let open = (): void => undefined
    class Opening extends WebSocketProtocol {
      readonly calls: string[] = []
      override negotiationFinished(): Promise<void> {
        return new Promise((resolve) => (open = resolve))
      }
      override textMessageReceived(text: string): void {
        this.calls.push(text)
      }
    }
    const protocol = new Opening()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(9, 'p'), frame(8, closing(1000)))
    expect(await exchange.received()).toEqual(
      Buffer.concat([serverFrame(10, 'p'), serverFrame(8, closing(1000))]),
    )
    expect(protocol.calls).toEqual([])
    open()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['a'])
  })
})
