import { describe, expect, test } from 'vitest'
import { openExchange, Pending } from '../pending-protocol.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'

const GOING_AWAY = serverFrame(8, closing(1001))

/** A protocol with a `drain` that is pending until `drained` is called. */
class Draining extends Pending {
  drained: () => void = () => undefined
  drainFailed: (error: unknown) => void = () => undefined

  drain(): unknown {
    this.calls.push('drain')
    return new Promise<void>((resolve, reject) => {
      this.drained = resolve
      this.drainFailed = reject
    })
  }
  override textMessageReceived(text: string): unknown {
    this.calls.push(text)
    this.transport.sendTextMessage(text)
    return undefined
  }
}

describe('WebSocketChannel, when the reactor stops', () => {
  test('closes with 1001 at once when no callback is pending', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    exchange.transport.drain()
    expect(await exchange.received()).toEqual(GOING_AWAY)
    expect(exchange.transport.disconnecting).toBe(false)
    await exchange.send(frame(8, closing(1001)))
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ closedBy: 'us', sentCode: 1001, wasClean: true }])
  })

  test('closes after the pending callback has sent its reply, and delivers no further message', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(1, 'held'))
    exchange.transport.drain()
    await exchange.send(frame(1, 'late'), frame(9, 'p'))
    expect(await exchange.received()).toEqual(serverFrame(10, 'p'))
    expect(protocol.transport.sendTextMessage('the reply')).toBe('sent')
    protocol.settle()
    expect(await exchange.received()).toEqual(Buffer.concat([serverFrame(1, 'the reply'), GOING_AWAY]))
    await exchange.send(frame(8, closing(1001)))
    exchange.transport.receiveEnd()
    expect(protocol.calls).toEqual(['a', 'lost'])
  })

  test('closes drainGraceMs after the stop although a callback is pending', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol, { drainGraceMs: 2000 })
    await exchange.send(frame(1, 'a'))
    exchange.transport.drain()
    exchange.reactor.advance(1999)
    expect((await exchange.received()).length).toBe(0)
    exchange.reactor.advance(101)
    expect(await exchange.received()).toEqual(GOING_AWAY)
    protocol.settle()
  })

  test('waits for drain of the protocol without a limit, and delivers messages meanwhile', async () => {
    const protocol = new Draining()
    const exchange = await openExchange(protocol, { pingIntervalMs: Infinity })
    exchange.transport.drain()
    await exchange.send(frame(1, 'a'))
    exchange.reactor.advance(60_000)
    expect(await exchange.received()).toEqual(serverFrame(1, 'a'))
    protocol.drained()
    expect(await exchange.received()).toEqual(GOING_AWAY)
    expect(protocol.calls).toEqual(['drain', 'a'])
  })

  test("sends the code of a close during drain, and waits for the peer's close frame", async () => {
    const protocol = new Draining()
    const exchange = await openExchange(protocol)
    exchange.transport.drain()
    protocol.transport.loseConnection(1012, 'come back')
    protocol.drained()
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1012, 'come back')))
    expect(exchange.transport.disconnecting).toBe(false)
    await exchange.send(frame(8, closing(1012)))
    expect(exchange.transport.disconnecting).toBe(true)
  })

  test('calls connectionLost at once when the peer resets the connection', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'))
    exchange.transport.drain()
    exchange.transport.receiveReset()
    expect(protocol.calls).toEqual(['a', 'lost'])
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
    protocol.settle()
  })

  test('closes at once when drain returns no promise', async () => {
    class Undecided extends Pending {
      drain(): void {}
    }
    const protocol = new Undecided()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'))
    exchange.transport.drain()
    expect(await exchange.received()).toEqual(GOING_AWAY)
    protocol.settle()
  })

  test('closes with 1011 and logs when drain rejects', async () => {
    const protocol = new Draining()
    const exchange = await openExchange(protocol)
    exchange.transport.drain()
    protocol.drainFailed(new Error('cannot'))
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1011)))
    expect(exchange.reactor.logged).toMatchObject([
      { namespace: 'ropewalk.websocket', error: { message: 'cannot' } },
    ])
  })

  test('lets the stop finish when the connection is gone, whichever side closes first', async () => {
    for (const end of [
      () => undefined,
      (send: (...frames: Buffer[]) => Promise<void>) => send(frame(8, closing(1000))),
    ]) {
      const protocol = new Pending()
      const exchange = await openExchange(protocol)
      const { reactor } = exchange
      void reactor.run({ installSignalHandlers: false })
      await exchange.send(frame(1, 'a'), frame(1, 'held'))
      let stopped = false
      void reactor.stop().then(() => (stopped = true))
      await reactor.settle()
      expect(stopped).toBe(false)
      await end((...frames) => exchange.send(...frames))
      exchange.transport.receiveEnd()
      await reactor.settle()
      exchange.transport.receiveEnd()
      await reactor.settle()
      expect(stopped).toBe(true)
      expect(protocol.calls).toEqual(['a', 'lost'])
      protocol.settle()
    }
  })

  test('sends no second close frame when it is already closing', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    protocol.transport.loseConnection(3000)
    exchange.transport.drain()
    expect(await exchange.received()).toEqual(serverFrame(8, closing(3000)))
  })
})
