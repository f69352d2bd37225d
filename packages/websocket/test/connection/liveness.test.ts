import { ConnectionAborted } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import type { WebSocketMessage } from '../../src/connection/incoming-message.ts'
import { SilentPeerError } from '../../src/errors.ts'
import { ClientExchange } from '../client-exchange.ts'
import { openExchange, Pending } from '../pending-protocol.ts'
import { closing, frame, serverFrame, type SiteExchange } from '../websocket-exchange.ts'

/** A protocol whose callbacks return at once. */
class Quick extends Pending {
  override textMessageReceived(text: string): unknown {
    this.calls.push(text)
    return undefined
  }
}

/** The payload of a ping of our own; fails if `bytes` is anything but that one frame. */
function ownPing(bytes: Buffer): Buffer {
  expect([...bytes.subarray(0, 2)]).toEqual([0x89, 12])
  expect(bytes).toHaveLength(14)
  return bytes.subarray(2)
}

const nothing = async (exchange: SiteExchange): Promise<void> =>
  expect((await exchange.received()).length).toBe(0)

describe('a silent peer', () => {
  test('gets a ping after 20 s, and is aborted 20 s later', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    exchange.reactor.advance(19_900)
    await nothing(exchange)
    exchange.reactor.advance(100)
    ownPing(await exchange.received())
    exchange.reactor.advance(19_900)
    expect(protocol.closed).toEqual([])
    exchange.reactor.advance(100)
    await exchange.reactor.settle()
    const [reason] = protocol.closed
    expect(reason).toMatchObject({ code: 1006, closedBy: 'neither', sentCode: undefined, wasClean: false })
    expect(reason?.cause).toBeInstanceOf(ConnectionAborted)
    expect(reason?.cause.cause).toBeInstanceOf(SilentPeerError)
    expect(String(reason?.cause.cause)).toBe(
      'SilentPeerError: The peer has sent nothing for 20000 ms after a ping',
    )
    expect(exchange.reactor.logged).toEqual([])
  })

  test('is alive with its pong, or with any other byte', async () => {
    for (const sign of [
      (payload: Buffer) => frame(10, payload),
      () => frame(1, 'a'),
      () => frame(1, 'a').subarray(0, 1),
      () => frame(9, ''),
    ]) {
      const protocol = new Quick()
      const exchange = await openExchange(protocol)
      exchange.reactor.advance(20_000)
      const payload = ownPing(await exchange.received())
      exchange.reactor.advance(19_900)
      await exchange.send(sign(payload))
      await exchange.received()
      exchange.reactor.advance(19_900)
      await nothing(exchange)
      expect(protocol.closed).toEqual([])
      exchange.reactor.advance(200)
      expect(ownPing(await exchange.received())).not.toEqual(payload)
    }
  })

  test('gets no ping while it sends, in whole frames or in parts of one', async () => {
    const exchange = await openExchange(new Quick(), { frameTimeoutMs: Infinity })
    for (const byte of frame(2, Buffer.alloc(10))) {
      exchange.reactor.advance(15_000)
      await exchange.send(Buffer.of(byte))
    }
    expect((await exchange.received()).length).toBe(0)
  })

  test.each([
    [5_000, 60_000],
    [60_000, 5_000],
    [5_000, Infinity],
  ])(
    'gets a ping every %i ms while it replies, with pongTimeoutMs %d',
    async (pingIntervalMs, pongTimeoutMs) => {
      const exchange = await openExchange(new Quick(), { pingIntervalMs, pongTimeoutMs })
      for (let count = 0; count < 5; count++) {
        exchange.reactor.advance(pingIntervalMs - 100)
        expect((await exchange.received()).length).toBe(0)
        exchange.reactor.advance(100)
        await exchange.send(frame(10, ownPing(await exchange.received())))
      }
    },
  )

  test('gets a ping every pingIntervalMs also while it does not reply, until pongTimeoutMs', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol, { pingIntervalMs: 5_000, pongTimeoutMs: 12_000 })
    for (let count = 0; count < 3; count++) {
      exchange.reactor.advance(5_000)
      ownPing(await exchange.received())
    }
    exchange.reactor.advance(1_900)
    expect(protocol.closed).toEqual([])
    exchange.reactor.advance(100)
    await exchange.reactor.settle()
    expect(protocol.closed).toHaveLength(1)
  })

  test('is never aborted when pongTimeoutMs is Infinity', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol, { pingIntervalMs: 5_000, pongTimeoutMs: Infinity })
    for (let count = 0; count < 100; count++) {
      exchange.reactor.advance(5_000)
      ownPing(await exchange.received())
    }
    expect(protocol.closed).toEqual([])
  })

  test('gets no ping, and is never aborted, when pingIntervalMs is Infinity', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol, { pingIntervalMs: Infinity })
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
    exchange.reactor.advance(600_000)
    await nothing(exchange)
    expect(protocol.closed).toEqual([])
  })

  test('is not to blame while nothing is read, but gets pings for the proxies between', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol, { maxMessagesAhead: 0 })
    await exchange.send(frame(1, 'a'), frame(1, 'b'))
    for (let count = 0; count < 20; count++) {
      exchange.reactor.advance(20_100)
      ownPing(await exchange.received())
    }
    await exchange.send(frame(10, 'late'))
    protocol.settle()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['a', 'b', 'pong late'])
    exchange.reactor.advance(20_100)
    ownPing(await exchange.received())
    exchange.reactor.advance(20_100)
    await exchange.reactor.settle()
    expect(protocol.calls.at(-1)).toBe('lost')
  })

  test('is left to the transport while our output waits for it, and gets no ping behind it', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    exchange.transport.block()
    protocol.transport.sendBytesMessage(Buffer.alloc(20_000))
    exchange.reactor.advance(55_000)
    expect(protocol.closed).toEqual([])
    exchange.transport.unblock()
    expect(await exchange.received()).toHaveLength(20_004)
    exchange.reactor.advance(5_200)
    ownPing(await exchange.received())
    expect(protocol.closed).toEqual([])
  })

  test('has the time to read what was sent before the ping, at 2 000 bytes a second', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    protocol.transport.sendBytesMessage(Buffer.alloc(100_000 - 10))
    await exchange.received()
    exchange.reactor.advance(20_000)
    ownPing(await exchange.received())
    exchange.reactor.advance(49_900)
    expect(protocol.closed).toEqual([])
    exchange.reactor.advance(200)
    await exchange.reactor.settle()
    expect(protocol.closed).toMatchObject([
      { cause: { cause: { message: 'The peer has sent nothing for 50000 ms after a ping' } } },
    ])
  })

  test('is aborted also when time passes in one step', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    exchange.reactor.advance(40_000)
    expect(protocol.closed).toHaveLength(1)
  })

  test('is not pinged once the WebSocket closes', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol, { closeTimeoutMs: 60_000 })
    exchange.reactor.advance(19_000)
    protocol.transport.loseConnection()
    await exchange.received()
    exchange.reactor.advance(59_000)
    await nothing(exchange)
    expect(protocol.closed).toEqual([])
  })

  test('is noticed by a client in the same way', async () => {
    const protocol = new Quick()
    const exchange = new ClientExchange(protocol)
    exchange.reactor.advance(20_000)
    const [ping] = await exchange.received()
    expect(ping).toMatchObject({ type: 'ping', payload: { length: 12 } })
    exchange.reactor.advance(20_000)
    await exchange.reactor.settle()
    expect(protocol.closed).toMatchObject([{ cause: { cause: { name: 'SilentPeerError' } } }])
  })
})

describe('latency', () => {
  test('is measured by pings of our own, of which the protocol learns nothing', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    expect(protocol.transport.latencyMs).toBeUndefined()
    exchange.reactor.advance(20_000)
    const payload = ownPing(await exchange.received())
    exchange.reactor.advance(70)
    await exchange.send(frame(10, payload))
    expect(protocol.transport.latencyMs).toBe(70)
    // The same pong again, and pongs for pings of the program.
    exchange.reactor.advance(5)
    await exchange.send(frame(10, payload), frame(10, 'mine'), frame(10, payload.subarray(0, 11)))
    expect(protocol.transport.latencyMs).toBe(70)
    expect(protocol.calls).toEqual(['pong mine', `pong ${payload.subarray(0, 11).toString()}`])
  })

  test('can be measured at any time, with one ping for all that ask', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    const measured: (number | undefined)[] = []
    for (let count = 0; count < 3; count++)
      void protocol.transport.measureLatency().then((ms) => measured.push(ms))
    const payload = ownPing(await exchange.received())
    exchange.reactor.advance(30)
    await exchange.send(frame(10, payload))
    expect(measured).toEqual([30, 30, 30])
    expect(protocol.transport.latencyMs).toBe(30)
    const again = protocol.transport.measureLatency()
    expect(ownPing(await exchange.received())).not.toEqual(payload)
    exchange.transport.receiveReset()
    expect(await again).toBeUndefined()
    expect(await protocol.transport.measureLatency()).toBeUndefined()
  })

  test('can be measured without automatic pings, which then do not begin', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol, { pingIntervalMs: Infinity })
    const measured = protocol.transport.measureLatency()
    const payload = ownPing(await exchange.received())
    exchange.reactor.advance(50_000)
    await exchange.send(frame(10, payload))
    expect(await measured).toBe(50_000)
    exchange.reactor.advance(600_000)
    await nothing(exchange)
  })
})

describe('frameTimeoutMs', () => {
  const OVERDUE = 'Cannot wait longer for a whole message than 60000 ms and the time for its bytes'
  const overdue = serverFrame(8, closing(1008, OVERDUE))

  test.each([
    ['a header', [frame(1, 'abc').subarray(0, 1)]],
    ['a payload', [frame(1, 'abc').subarray(0, 7)]],
    ['a message in fragments', [frame(1, 'a', { fin: false })]],
    ['a message in fragments, with pings', [frame(1, 'a', { fin: false }), frame(9, '')]],
    ['a ping', [frame(9, 'abc').subarray(0, 7)]],
  ])('closes with 1008 when %s is not whole 60 s later', async (_, pieces) => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol, { pingIntervalMs: Infinity })
    await exchange.send(...pieces)
    await exchange.received()
    exchange.reactor.advance(59_900)
    await nothing(exchange)
    // A ping between fragments has six bytes, and so 12 ms.
    exchange.reactor.advance(200)
    expect(await exchange.received()).toEqual(overdue)
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(protocol.closed).toMatchObject([
      { closedBy: 'us', sentCode: 1008, violation: 'message-overdue', wasClean: false },
    ])
  })

  test('ends a sender of one byte at a time, however long the message is', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    let sent = 0
    for (const byte of frame(2, Buffer.alloc(1000))) {
      if (exchange.closed) break
      sent++
      await exchange.send(Buffer.of(byte))
      exchange.reactor.advance(1000)
    }
    expect(sent).toBe(61)
    expect(await exchange.received()).toEqual(overdue)
  })

  test('lets a peer finish that sends 500 bytes a second', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    const bytes = frame(1, 'x'.repeat(200_000))
    for (let at = 0; at < bytes.length; at += 5_000) {
      await exchange.send(bytes.subarray(at, at + 5_000))
      exchange.reactor.advance(10_000)
    }
    expect(protocol.calls).toEqual(['x'.repeat(200_000)])
  })

  test('begins anew with each message, also when messages never end with a segment', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol)
    const [one, half] = [frame(1, 'ab'), 4]
    await exchange.send(one.subarray(0, half))
    for (let count = 0; count < 20; count++) {
      exchange.reactor.advance(10_000)
      await exchange.send(Buffer.concat([one.subarray(half), one.subarray(0, half)]))
    }
    expect(protocol.calls).toHaveLength(20)
    expect(exchange.closed).toBe(false)
  })

  test('does not run while a protocol is behind that receives the message in parts', async () => {
    class Parts extends Quick {
      readonly received: Buffer[] = []
      override messageBegin(): void {}
      override messageFrameDataReceived(data: Buffer): Promise<void> {
        this.received.push(data)
        return new Promise((resolve) => (this.settle = resolve))
      }
    }
    const protocol = new Parts()
    const exchange = await openExchange(protocol, { maxBytesAhead: 0, pingIntervalMs: Infinity })
    const whole = frame(2, Buffer.alloc(100))
    await exchange.send(whole.subarray(0, 40), whole.subarray(40, 60))
    exchange.reactor.advance(500_000)
    protocol.settle()
    await exchange.reactor.settle()
    expect(protocol.received.map(({ length }) => length)).toEqual([34, 20])
    // Now the rest of the message is awaited. The bytes that arrived had 2 ms each.
    exchange.reactor.advance(59_900)
    await nothing(exchange)
    exchange.reactor.advance(300)
    expect(await exchange.received()).toEqual(overdue)
  })

  test('does not run while a message is not read that is read while it arrives', async () => {
    let read = (): void => undefined
    class Reads extends Quick {
      override async messageReceived(message: WebSocketMessage): Promise<void> {
        await new Promise<void>((resolve) => (read = resolve))
        this.calls.push(await message.text())
      }
    }
    const protocol = new Reads()
    const exchange = await openExchange(protocol, { maxBytesAhead: 10, pingIntervalMs: Infinity })
    const whole = frame(1, 'x'.repeat(100))
    await exchange.send(whole.subarray(0, 40), whole.subarray(40))
    exchange.reactor.advance(500_000)
    read()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['x'.repeat(100)])
  })

  test('does not run while the rest of a message is not read', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol, { maxMessagesAhead: 0, pingIntervalMs: Infinity })
    const rest = frame(1, 'rest')
    await exchange.send(frame(1, 'a'), Buffer.concat([frame(1, 'b'), rest.subarray(0, 3)]))
    exchange.reactor.advance(500_000)
    await exchange.reactor.settle()
    protocol.settle()
    await exchange.reactor.settle()
    protocol.settle()
    await exchange.reactor.settle()
    exchange.reactor.advance(59_000)
    await exchange.send(rest.subarray(3))
    expect(protocol.calls).toEqual(['a', 'b', 'rest'])
    protocol.settle()
  })

  test('limits each frame of a message that is received in parts, but not the time between them', async () => {
    class Parts extends Pending {
      override messageFrameDataReceived(data: Buffer): unknown {
        this.calls.push(data.toString())
        return undefined
      }
      override messageBegin(): unknown {
        return undefined
      }
    }
    const protocol = new Parts()
    const exchange = await openExchange(protocol, { pingIntervalMs: Infinity })
    await exchange.send(frame(1, 'a', { fin: false }))
    for (let count = 0; count < 5; count++) {
      exchange.reactor.advance(300_000)
      await exchange.send(frame(0, 'b', { fin: false }))
    }
    expect(protocol.calls.join('')).toBe('abbbbb')
    await exchange.send(frame(0, 'cd').subarray(0, 7))
    exchange.reactor.advance(60_100)
    expect(await exchange.received()).toEqual(overdue)
  })

  test('limits nothing with Infinity', async () => {
    const exchange = await openExchange(new Quick(), { frameTimeoutMs: Infinity, pingIntervalMs: Infinity })
    await exchange.send(frame(1, 'abc').subarray(0, 7))
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
  })
})

describe('idleTimeoutMs', () => {
  const idle = serverFrame(8, closing(1001, 'No message for 30000 ms'))

  test('closes with 1001 when no message has passed, whatever pings have', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol, { idleTimeoutMs: 30_000, pingIntervalMs: Infinity })
    exchange.reactor.advance(29_000)
    await exchange.send(frame(9, ''), frame(10, ''))
    protocol.transport.ping()
    await exchange.received()
    exchange.reactor.advance(1_000)
    expect(await exchange.received()).toEqual(idle)
    await exchange.send(frame(8, closing(1001)))
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ closedBy: 'us', sentCode: 1001, wasClean: true }])
  })

  test('begins anew with a message that is received or sent', async () => {
    const protocol = new Quick()
    const exchange = await openExchange(protocol, { idleTimeoutMs: 30_000, pingIntervalMs: Infinity })
    for (const pass of [
      () => exchange.send(frame(1, 'a')),
      () => void protocol.transport.sendTextMessage('b'),
      () => void protocol.transport.sendBytesMessage(Buffer.of(1)),
    ]) {
      exchange.reactor.advance(29_000)
      await pass()
      await exchange.reactor.settle()
    }
    await exchange.received()
    exchange.reactor.advance(29_900)
    await nothing(exchange)
    exchange.reactor.advance(100)
    expect(await exchange.received()).toEqual(idle)
  })

  test('does not run while a callback is pending, a message arrives, or output waits', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol, { idleTimeoutMs: 30_000, pingIntervalMs: Infinity })
    await exchange.send(frame(1, 'a'))
    exchange.reactor.advance(100_000)
    protocol.settle()
    await exchange.send(frame(1, 'b', { fin: false }))
    exchange.reactor.advance(50_000)
    await exchange.send(frame(0, ''))
    protocol.settle()
    await exchange.reactor.settle()
    exchange.transport.block()
    protocol.transport.sendTextMessage('c')
    exchange.reactor.advance(45_000)
    exchange.transport.unblock()
    expect(await exchange.received()).toEqual(serverFrame(1, 'c'))
    exchange.reactor.advance(15_100)
    expect(await exchange.received()).toEqual(idle)
  })
})
