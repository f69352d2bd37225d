import { HTTPError, type Request } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { WebSocketServerFactory } from '../../src/server/websocket-server-factory.ts'
import { type Client, ManyClients } from '../many-clients.ts'
import { closing, frame, handshake, serverFrame } from '../websocket-exchange.ts'

class Silent extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    if (text === 'fail') throw new Error('failed')
    if (text === 'lose') this.transport.loseConnection()
    if (text === 'abort') this.transport.abortConnection()
  }
}

const ENDINGS: Readonly<Record<string, (client: Client, clients: ManyClients) => Promise<void> | void>> = {
  'a close frame': async (client) => {
    await client.send(frame(8, closing(1000)))
    client.transport.receiveEnd()
  },
  'a FIN': (client) => client.transport.receiveEnd(),
  'a reset': (client) => client.transport.receiveReset(),
  'broken rules': async (client) => {
    await client.send(Buffer.of(0x81, 0x01, 0x41))
    client.transport.receiveEnd()
  },
  'a failed callback': async (client) => {
    await client.send(frame(1, 'fail'))
    client.transport.receiveEnd()
  },
  'an unanswered close frame': async (client, clients) => {
    await client.send(frame(1, 'lose'))
    await clients.advance(5_100)
  },
  'an abort': (client) => client.send(frame(1, 'abort')),
}

describe('maxConnections', () => {
  test('refuses the next handshake with 503 and Retry-After, before authenticate', async () => {
    let asked = 0
    const resource = WebSocketResource.forProtocol(Silent, {
      maxConnections: 2,
      authenticate: () => ++asked,
    })
    const clients = new ManyClients(resource)
    await clients.open()
    await clients.open()
    const refused = await clients.asking()
    expect(refused.transport.value()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: 10\r\n/)
    expect(asked).toBe(2)
    expect(resource.connections.size).toBe(2)
  })

  test('is not used up by handshakes that are malformed or of a wrong origin or host', async () => {
    const clients = new ManyClients(
      WebSocketResource.forProtocol(Silent, { maxConnections: 1, hosts: ['h'] }),
    )
    for (const fields of [{ 'Sec-WebSocket-Key': 'short' }, { Origin: 'http://evil.com' }, { Host: 'x' }])
      expect((await clients.asking(fields)).status).toBeGreaterThan(399)
    expect((await clients.asking()).status).toBe(101)
  })

  test.each(Object.keys(ENDINGS))('is free again after %s', async (how) => {
    const resource = WebSocketResource.forProtocol(Silent, { maxConnections: 1 })
    const clients = new ManyClients(resource)
    for (let round = 0; round < 3; round++) {
      const client = await clients.open()
      expect((await clients.asking()).status).toBe(503)
      await ENDINGS[how]?.(client, clients)
      await clients.reactor.settle()
      expect(resource.connections.size).toBe(0)
    }
    clients.reactor.flushLoggedErrors()
    await clients.open()
  })

  test('is free again at once after a refusal, for the next request of the same segment', async () => {
    class Refusing extends WebSocketServerFactory {
      override buildProtocol(request: Request): undefined | Promise<never> {
        if (request.args.has('later')) return Promise.reject(new HTTPError(401))
        return undefined
      }
    }
    const clients = new ManyClients(new WebSocketResource(new Refusing(), { maxConnections: 1 }))
    const client = clients.connect()
    const later = handshake({}, 'GET /?later HTTP/1.1')
    await client.send(handshake() + later + handshake() + later)
    expect(client.transport.value().match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 403',
      'HTTP/1.1 401',
      'HTTP/1.1 403',
      'HTTP/1.1 401',
    ])
  })

  test('is free again when the program ends the request itself', async () => {
    class Finishing extends WebSocketServerFactory {
      override buildProtocol(request: Request): WebSocketProtocol {
        request.finish('instead')
        return new Silent()
      }
    }
    const clients = new ManyClients(new WebSocketResource(new Finishing(), { maxConnections: 1 }))
    for (let round = 0; round < 3; round++) expect((await clients.asking()).status).toBe(200)
  })

  test('refuses a limit that is not a whole number of 1 or more', () => {
    for (const maxConnections of [0, -1, 1.5, NaN])
      expect(() => WebSocketResource.forProtocol(Silent, { maxConnections })).toThrow(RangeError)
    expect(() => WebSocketResource.forProtocol(Silent, { maxConnections: '5' as never })).toThrow(TypeError)
  })
})

describe('connections', () => {
  class Rooms extends WebSocketServerFactory<Silent> {
    readonly sizes: number[] = []
    override buildProtocol(): Silent {
      const { sizes } = this
      const note = (): number => sizes.push(this.connections.size)
      return new (class extends Silent {
        override negotiationFinished(): void {
          note()
        }
        override connectionLost(): void {
          note()
        }
      })()
    }
  }

  test('has the open protocols in order, from negotiationFinished until connectionLost', async () => {
    const rooms = new Rooms()
    const resource = new WebSocketResource(rooms)
    const clients = new ManyClients(resource)
    const first = await clients.open()
    await clients.open()
    expect(rooms.sizes).toEqual([1, 2])
    for (const protocol of rooms.connections) protocol.transport.sendTextMessage('all')
    await clients.reactor.settle()
    expect(first.received()).toEqual(serverFrame(1, 'all'))
    first.transport.receiveReset()
    await clients.reactor.settle()
    expect(rooms.sizes).toEqual([1, 2, 1])
    expect(resource.connections).toBe(rooms.connections)
  })

  test('are those of all resources of a factory', async () => {
    const rooms = new Rooms()
    const one = new ManyClients(new WebSocketResource(rooms, { maxConnections: 1 }))
    const other = new ManyClients(new WebSocketResource(rooms, { maxConnections: 1 }))
    await one.open()
    await other.open()
    expect(rooms.connections.size).toBe(2)
  })

  test('never has a protocol whose client left before it opened, or that closed in negotiationStarted', async () => {
    class Closing extends WebSocketProtocol {
      override negotiationStarted(...[transport]: Parameters<WebSocketProtocol['negotiationStarted']>): void {
        super.negotiationStarted(transport)
        transport.abortConnection()
      }
    }
    const resource = WebSocketResource.forProtocol(Closing, { maxConnections: 1 })
    const clients = new ManyClients(resource)
    for (let round = 0; round < 3; round++) {
      await clients.asking()
      expect(resource.connections.size).toBe(0)
    }
  })

  test('keep nothing of 1 000 WebSockets that have come and gone', async () => {
    const resource = WebSocketResource.forProtocol(Silent, {
      maxConnections: 1,
      maxHeldBytes: 1_000_000,
      maxLifetimeMs: 60_000,
      maxMessagesPerSecond: 1,
    })
    const clients = new ManyClients(resource)
    for (let round = 0; round < 1_000; round++) {
      const client = await clients.open()
      await client.send(frame(1, 'a'))
      client.transport.receiveReset()
      await clients.reactor.settle()
    }
    expect(resource.connections.size).toBe(0)
  })
})

describe('maxLifetimeMs', () => {
  class Noting extends WebSocketProtocol {
    static closed: WebSocketClosed[] = []
    finish: () => void = () => undefined
    override textMessageReceived(): Promise<void> {
      return new Promise<void>((resolve) => (this.finish = resolve)).then(
        () => void this.transport.sendTextMessage('done'),
      )
    }
    override connectionLost(reason: WebSocketClosed): void {
      Noting.closed.push(reason)
    }
  }

  test('closes with 1001 and a reason, in the last tenth of the time', async () => {
    const resource = WebSocketResource.forProtocol(Noting, {
      maxLifetimeMs: 100_000,
      pingIntervalMs: Infinity,
    })
    const clients = new ManyClients(resource)
    const all: Client[] = []
    for (let at = 0; at < 40; at++) all.push(await clients.open())
    await clients.advance(89_900)
    expect(all.map((client) => client.received().length)).toEqual(all.map(() => 0))
    const ended: number[] = []
    for (let second = 0; second < 11; second++) {
      await clients.advance(1_000)
      ended.push(all.filter((client) => client.transport.value('latin1').startsWith('\x88')).length)
    }
    expect(ended.at(-1)).toBe(40)
    // They do not all connect again at the same moment.
    expect(new Set(ended).size).toBeGreaterThan(4)
    const [client] = all
    expect(client?.received().readUInt16BE(2)).toBe(1001)
  })

  test('lets a pending callback send its reply before', async () => {
    Noting.closed.length = 0
    const resource = WebSocketResource.forProtocol(Noting, { maxLifetimeMs: 10_000 })
    const clients = new ManyClients(resource)
    const client = await clients.open()
    await client.send(frame(1, 'work'))
    await clients.advance(10_100)
    expect(client.received().length).toBe(0)
    for (const protocol of resource.connections) protocol.finish()
    await clients.reactor.settle()
    const received = client.received()
    expect(received.subarray(0, 6)).toEqual(serverFrame(1, 'done'))
    expect(received.subarray(10).toString()).toBe(
      'The longest lifetime of a connection is over; connect again',
    )
    await client.send(frame(8, closing(1001)))
    client.transport.receiveEnd()
    await clients.reactor.settle()
    expect(Noting.closed).toMatchObject([{ sentCode: 1001, closedBy: 'us', wasClean: true }])
  })

  test('does not keep a WebSocket whose callback never settles', async () => {
    const clients = new ManyClients(WebSocketResource.forProtocol(Noting, { maxLifetimeMs: 10_000 }))
    const client = await clients.open()
    await client.send(frame(1, 'work'))
    await clients.advance(10_100)
    await clients.advance(5_100)
    expect(client.received().readUInt16BE(2)).toBe(1001)
    await clients.advance(5_100)
    expect(client.closed).toBe(true)
  })
})
