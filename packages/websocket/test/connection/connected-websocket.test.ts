import { describe, expect, test } from 'vitest'
import { ConnectedWebSocket } from '../../src/connection/connected-websocket.ts'
import { openExchange } from '../pending-protocol.ts'
import { closing, frame, type SiteExchange } from '../websocket-exchange.ts'
import { outline } from './sent-frames.ts'

class Server extends ConnectedWebSocket {
  readonly #serve: (socket: Server) => unknown

  constructor(run: (socket: Server) => unknown) {
    super()
    this.#serve = run
  }
  override run(): unknown {
    return this.#serve(this)
  }
}

async function serve(run: (socket: Server) => unknown): Promise<{ exchange: SiteExchange; socket: Server }> {
  const socket = new Server(run)
  return { socket, exchange: await openExchange(socket) }
}

async function echo(socket: Server): Promise<void> {
  for await (const message of socket) await socket.send(message)
}

describe('ConnectedWebSocket', () => {
  test('serves a WebSocket in run, and closes it when run returns', async () => {
    const { exchange } = await serve(async (socket) => {
      const first = await socket.receive()
      await socket.send(`you sent ${String(first)}`)
    })
    await exchange.send(frame(1, 'a'))
    expect(outline(await exchange.received())).toBe('1 you sent a, 8 \u0003\ufffd')
  })

  test('sends all replies to messages before a close frame', async () => {
    const { exchange, socket } = await serve(echo)
    await exchange.send(Buffer.concat([frame(1, 'a'), frame(2, 'b'), frame(1, 'c'), frame(8, closing(1000))]))
    expect(outline(await exchange.received())).toMatch(/^1 a, 2 b, 1 c, 8/)
    exchange.transport.receiveEnd()
    expect(await socket.closed).toMatchObject({ code: 1000, wasClean: true })
  })

  test('sends the replies to the messages before a violation in the same segment', async () => {
    const { exchange } = await serve(echo)
    await exchange.send(Buffer.concat([frame(1, 'a'), frame(2, 'b'), frame(3, '')]))
    expect(outline(await exchange.received())).toMatch(/^1 a, 2 b, 8/)
  })

  test('gives messages to concurrent calls of receive in their order, also when one is made as a message arrives', async () => {
    const taken: string[] = []
    class Eager extends ConnectedWebSocket {
      override textMessageReceived(text: string): unknown {
        const result = super.textMessageReceived(text)
        if (text === 'a') void this.receive().then((message) => taken.push(`second ${String(message)}`))
        return result
      }
    }
    const socket = new Eager()
    const exchange = await openExchange(socket)
    void socket.receive().then((message) => taken.push(`first ${String(message)}`))
    await exchange.send(Buffer.concat([frame(1, 'a'), frame(1, 'b')]))
    expect(taken).toEqual(['first a', 'second b'])
  })

  test('does not log that the peer has left', async () => {
    for (const leave of [
      (exchange: SiteExchange) => exchange.transport.receiveEnd(),
      (exchange: SiteExchange) => exchange.transport.receiveReset(),
    ]) {
      const ended: unknown[] = []
      const { exchange } = await serve(async (socket) => {
        try {
          await echo(socket)
        } catch (error) {
          ended.push(error)
          throw error
        }
      })
      leave(exchange)
      await exchange.reactor.settle()
      expect(ended).toMatchObject([{ name: 'ConnectionLost' }])
      expect(exchange.reactor.logged.filter(({ level }) => level === 'error')).toEqual([])
    }
  })

  test.each([
    ['throws', false],
    ['rejects', true],
  ])('logs and closes with 1011 when run %s', async (_, later) => {
    const { exchange, socket } = await serve((served) => {
      if (later) return served.receive().then(() => Promise.reject(new Error('failed')))
      throw new Error('failed')
    })
    if (later) await exchange.send(frame(1, 'go'))
    exchange.transport.receiveEnd()
    expect(await socket.closed).toMatchObject({ sentCode: 1011 })
    expect(exchange.reactor.flushLoggedErrors()).toMatchObject([{ message: 'failed' }])
  })

  test('serves several receivers in order', async () => {
    const order: string[] = []
    const { exchange } = await serve(async (socket) => {
      const take = async (name: string) => order.push(`${name} ${String(await socket.receive())}`)
      await Promise.all([take('first'), take('second')])
    })
    await exchange.send(frame(1, 'a'), frame(1, 'b'))
    expect(order).toEqual(['first a', 'second b'])
  })

  test('reads no more than the bounds allow while no message is taken', async () => {
    const { exchange, socket } = await serve(() => new Promise<void>(() => undefined))
    for (let count = 0; count < 30; count++) await exchange.send(frame(1, String(count)))
    await exchange.send(frame(9, 'late'))
    expect(outline(await exchange.received())).toBe('')
    const taken: unknown[] = []
    while (taken.length < 30) {
      void socket.receive().then((message) => taken.push(message))
      await exchange.reactor.settle()
    }
    expect(taken).toEqual(Array.from({ length: 30 }, (_, at) => String(at)))
    expect(outline(await exchange.received())).toBe('a late')
  })

  test('ends a loop that waits when this side closes', async () => {
    const { exchange, socket } = await serve(echo)
    void socket.close(4000)
    await exchange.send(frame(8, closing(4000)))
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(await socket.receive()).toBeUndefined()
  })
})
