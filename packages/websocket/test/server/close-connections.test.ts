import type { Request } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { WebSocketServerFactory } from '../../src/server/websocket-server-factory.ts'
import { type Client, ManyClients } from '../many-clients.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'

class Working extends WebSocketProtocol {
  finish: () => void = () => undefined
  readonly closed: WebSocketClosed[] = []
  override textMessageReceived(): Promise<void> {
    return new Promise<void>((resolve) => (this.finish = resolve)).then(
      () => void this.transport.sendTextMessage('done'),
    )
  }
  override connectionLost(reason: WebSocketClosed): void {
    this.closed.push(reason)
  }
}

/** Replies to the close frame, and ends TCP. */
async function leave(client: Client): Promise<void> {
  await client.send(frame(8, closing(1000)))
  client.transport.receiveEnd()
  await client.transport.reactor.settle()
}

/** Whether a promise has resolved so far. */
function isDone(promise: Promise<void>): () => boolean {
  let done = false
  void promise.then(() => (done = true))
  return () => done
}

describe('closeConnections', () => {
  test('closes all WebSockets, and resolves when their connections are gone', async () => {
    const resource = WebSocketResource.forProtocol(Working)
    const clients = new ManyClients(resource)
    const [one, other] = [await clients.open(), await clients.open()]
    const done = isDone(resource.closeConnections(1012, 'restart'))
    await clients.reactor.settle()
    for (const client of [one, other])
      expect(client.received()).toEqual(serverFrame(8, closing(1012, 'restart')))
    await leave(one)
    expect([done(), resource.connections.size]).toEqual([false, 1])
    await leave(other)
    expect([done(), resource.connections.size]).toEqual([true, 0])
    await clients.open()
    expect(resource.connections.size).toBe(1)
  })

  test('sends 1001 by default, and resolves at once when no WebSocket is open', async () => {
    const resource = WebSocketResource.forProtocol(Working)
    const clients = new ManyClients(resource)
    await resource.closeConnections()
    const client = await clients.open()
    void resource.closeConnections()
    await clients.reactor.settle()
    expect(client.received().readUInt16BE(2)).toBe(1001)
  })

  test('lets a pending callback send its reply, and does not wait for one that never settles', async () => {
    const resource = WebSocketResource.forProtocol(Working)
    const clients = new ManyClients(resource)
    const [quick, slow] = [await clients.open(), await clients.open()]
    await quick.send(frame(1, 'work'))
    await slow.send(frame(1, 'work'))
    const done = isDone(resource.closeConnections(1012))
    const [protocol] = resource.connections
    protocol?.finish()
    await clients.reactor.settle()
    expect(quick.received()).toEqual(Buffer.concat([serverFrame(1, 'done'), serverFrame(8, closing(1012))]))
    await clients.advance(5_100)
    expect(slow.received()).toEqual(serverFrame(8, closing(1012)))
    await clients.advance(5_100)
    expect([done(), resource.connections.size]).toEqual([true, 0])
    expect(protocol?.closed).toMatchObject([{ sentCode: 1012, closedBy: 'us' }])
  })

  test('waits for a WebSocket that is closing already', async () => {
    const resource = WebSocketResource.forProtocol(Working)
    const clients = new ManyClients(resource)
    const client = await clients.open()
    for (const { transport } of resource.connections) transport.loseConnection(4000)
    const done = isDone(resource.closeConnections(1012))
    await clients.reactor.settle()
    expect([done(), client.received()]).toEqual([false, serverFrame(8, closing(4000))])
    await leave(client)
    expect(done()).toBe(true)
  })

  test('leaves the WebSockets of another resource of the factory open', async () => {
    class Rooms extends WebSocketServerFactory<Working> {
      override buildProtocol(): Working {
        return new Working()
      }
    }
    const rooms = new Rooms()
    const [one, other] = [new WebSocketResource(rooms), new WebSocketResource(rooms)]
    const client = await new ManyClients(one).open()
    await new ManyClients(other).open()
    const done = isDone(one.closeConnections())
    await leave(client)
    expect([done(), rooms.connections.size]).toEqual([true, 1])
  })

  test('with refuseNew refuses every later handshake with 503 and Retry-After', async () => {
    const resource = WebSocketResource.forProtocol(Working)
    const clients = new ManyClients(resource)
    await resource.closeConnections(1001, '', { refuseNew: true })
    const refused = await clients.asking()
    expect(refused.transport.value()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: 10\r\n/)
  })

  test.each(['authenticate', 'buildProtocol'])(
    'with refuseNew refuses a handshake that waits for %s, and waits for it',
    async (step) => {
      const resolve: (() => void)[] = []
      const built: Working[] = []
      const waiting = (name: string): Promise<void> | undefined =>
        name === step ? new Promise((done) => resolve.push(done)) : undefined
      class Slow extends WebSocketServerFactory<Working> {
        override async buildProtocol(_request: Request): Promise<Working> {
          await waiting('buildProtocol')
          const protocol = new Working()
          built.push(protocol)
          return protocol
        }
      }
      const resource = new WebSocketResource(new Slow(), {
        authenticate: async () => {
          await waiting('authenticate')
          return true
        },
      })
      const clients = new ManyClients(resource)
      const client = await clients.asking()
      const others = isDone(resource.closeConnections())
      const all = isDone(resource.closeConnections(1001, '', { refuseNew: true }))
      await clients.reactor.settle()
      expect([others(), all()]).toEqual([true, false])
      for (const go of resolve) go()
      await clients.reactor.settle()
      expect([client.status, all(), resource.connections.size]).toEqual([503, true, 0])
      expect(built.map(({ closed }) => closed.length)).toEqual(step === 'authenticate' ? [] : [1])
    },
  )

  test('with refuseNew closes a WebSocket for which it is called while that opens', async () => {
    let done = (): boolean => false
    class Closing extends Working {
      override negotiationStarted(...[transport]: Parameters<WebSocketProtocol['negotiationStarted']>): void {
        super.negotiationStarted(transport)
        done = isDone(resource.closeConnections(1012, '', { refuseNew: true }))
      }
    }
    const resource: WebSocketResource = WebSocketResource.forProtocol(Closing)
    const client = await new ManyClients(resource).open()
    expect(done()).toBe(false)
    await leave(client)
    expect([done(), resource.connections.size, client.closed]).toEqual([true, 0, true])
  })

  test('rejects for a code, reason or option that is wrong, and closes nothing', async () => {
    const resource = WebSocketResource.forProtocol(Working)
    const clients = new ManyClients(resource)
    const client = await clients.open()
    await expect(resource.closeConnections(999)).rejects.toThrow(RangeError)
    await expect(resource.closeConnections(1001, 'x'.repeat(124))).rejects.toThrow(RangeError)
    const options: object = { refuse: true }
    await expect(resource.closeConnections(1001, '', options)).rejects.toThrow('did you mean refuseNew?')
    await clients.reactor.settle()
    expect(client.received().length).toBe(0)
  })
})
