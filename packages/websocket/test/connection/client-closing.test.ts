import { ConnectionDone, ConnectionLost, sleep } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { ClientExchange } from '../client-exchange.ts'
import { Pending } from '../pending-protocol.ts'
import { closing, serverFrame } from '../websocket-exchange.ts'

describe('a client, after both close frames', () => {
  for (const first of ['the server', 'the client'] as const) {
    const closed = async (protocol: Pending): Promise<ClientExchange> => {
      const exchange = new ClientExchange(protocol)
      if (first === 'the client') protocol.transport.loseConnection(1000, 'done')
      await exchange.send(serverFrame(8, closing(1000, 'bye')))
      const reason = first === 'the client' ? 'done' : ''
      expect(await exchange.received()).toEqual([{ type: 'close', code: 1000, reason }])
      return exchange
    }

    test(`waits for the server to close TCP, when ${first} has begun`, async () => {
      const protocol = new Pending()
      const exchange = await closed(protocol)
      expect(protocol.transport.open).toBe(false)
      expect(protocol.transport.signal.reason).toBeInstanceOf(ConnectionDone)
      exchange.reactor.advance(4_900)
      await exchange.reactor.settle()
      expect(exchange.transport.ended).toBe(false)
      exchange.transport.receiveEnd()
      await exchange.reactor.settle()
      expect(exchange.transport.ended).toBe(true)
      expect(exchange.reactor.getDelayedCalls()).toEqual([])
      expect(protocol.closed).toMatchObject([
        {
          code: 1000,
          reason: 'bye',
          closedBy: first === 'the client' ? 'us' : 'peer',
          sentCode: 1000,
          sentReason: first === 'the client' ? 'done' : '',
          violation: undefined,
          wasClean: true,
        },
      ])
      expect(protocol.closed[0]?.cause).toBeInstanceOf(ConnectionDone)
    })

    test(`closes TCP after closeTimeoutMs, when ${first} has begun`, async () => {
      const protocol = new Pending()
      const exchange = await closed(protocol)
      exchange.reactor.advance(5_000)
      await exchange.reactor.settle()
      expect(exchange.transport.ended).toBe(true)
      exchange.reactor.advance(2_000)
      await exchange.reactor.settle()
      expect(protocol.closed).toMatchObject([{ wasClean: true }])
      expect(exchange.reactor.getDelayedCalls()).toEqual([])
    })

    test(`ends when the server resets TCP, when ${first} has begun`, async () => {
      const protocol = new Pending()
      const exchange = await closed(protocol)
      exchange.transport.receiveReset()
      expect(protocol.closed).toMatchObject([{ wasClean: true }])
      expect(protocol.closed[0]?.cause).toBeInstanceOf(ConnectionLost)
      expect(exchange.reactor.getDelayedCalls()).toEqual([])
    })
  }

  test('replies to a close frame at once, also while a message in parts has not ended', async () => {
    const protocol = new Pending()
    const exchange = new ClientExchange(protocol)
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        yield 'piece'
        await sleep(1_000, exchange.transport)
      }
    }
    const sent = protocol.transport.sendMessage(endless())
    await exchange.received()
    await exchange.send(serverFrame(8, closing(1000)))
    expect(await exchange.received()).toEqual([{ type: 'close', code: 1000, reason: '' }])
    expect(await sent).toBe('dropped')
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(protocol.closed).toMatchObject([{ code: 1000, wasClean: true }])
  })

  test('awaits its pending callbacks once, however long the server takes', async () => {
    const protocol = new Pending()
    const exchange = new ClientExchange(protocol)
    await exchange.send(serverFrame(1, 'a'), serverFrame(8, closing(1000)))
    exchange.reactor.advance(3_000)
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['a'])
    exchange.reactor.advance(2_000)
    expect(protocol.calls).toEqual(['a', 'lost'])
    protocol.settle()
  })

  test('closes TCP at once when the server ends without a close frame, or breaks the rules', async () => {
    const ended = new ClientExchange(new Pending())
    ended.transport.receiveEnd()
    await ended.reactor.settle()
    expect(ended.transport.ended).toBe(true)
    const broken = new ClientExchange(new Pending())
    await broken.send(Buffer.of(0xf1, 0))
    expect(await broken.received()).toMatchObject([{ type: 'close', code: 1002 }])
    expect(broken.transport.disconnecting).toBe(true)
  })
})
