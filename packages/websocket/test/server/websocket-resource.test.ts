import { ConnectionAborted, ConnectionClosed } from '@ropewalk/core'
import { type Request, Resource, Site } from '@ropewalk/http'
import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { WebSocketServerFactory } from '../../src/server/websocket-server-factory.ts'
import { Pending, thenable } from '../pending-protocol.ts'
import { frame, handshake, serverFrame, SiteExchange } from '../websocket-exchange.ts'

class Greeter extends WebSocketProtocol {
  override negotiationFinished(): void {
    this.transport.sendTextMessage(`hello ${this.transport.request.path}`)
  }
}

class Slow extends Resource {
  override render_GET(request: Request): Promise<string> {
    return new Promise((resolve) => request.reactor.callLater(1000, resolve, 'slow'))
  }
}

describe('WebSocketResource', () => {
  test('opens WebSockets at its path of a site and at every path below it', async () => {
    const root = new Resource()
    root.putChild('ws', WebSocketResource.forProtocol(Greeter))
    const exchange = new SiteExchange(root)
    await exchange.send('GET /other HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 404 /)
    await exchange.send(handshake({}, 'GET /ws/a/b HTTP/1.1'))
    const received = await exchange.received()
    expect(received.toString()).toMatch(/^HTTP\/1\.1 101 /)
    expect(received.subarray(received.indexOf('\r\n\r\n') + 4)).toEqual(serverFrame(1, 'hello /ws/a/b'))
  })

  test('delays an upgrade until the response to a slow pipelined request, and loses no frame', async () => {
    const root = new Resource()
    root.putChild('slow', new Slow())
    root.putChild('ws', WebSocketResource.forProtocol(Greeter))
    const exchange = new SiteExchange(root)
    await exchange.send(
      Buffer.concat([
        Buffer.from('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n'),
        Buffer.from(handshake({}, 'GET /ws HTTP/1.1')),
        frame(9, 'early'),
      ]),
    )
    expect((await exchange.received()).length).toBe(0)
    exchange.reactor.advance(1000)
    const received = await exchange.received()
    const heads = received.toString('latin1').match(/HTTP\/1\.1 \d+/g)
    expect(heads).toEqual(['HTTP/1.1 200', 'HTTP/1.1 101'])
    expect(received.subarray(received.lastIndexOf('\r\n\r\n') + 4)).toEqual(
      Buffer.concat([serverFrame(1, 'hello /ws'), serverFrame(10, 'early')]),
    )
  })

  test("finishes the request as upgraded, and keeps the connection in the reactor's registry", async () => {
    let outcome: unknown
    class Watched extends WebSocketProtocol {
      override negotiationFinished(): void {
        void this.transport.request.finished.then((ended) => (outcome = ended))
      }
    }
    const reactor = new MemoryReactor()
    const transport = new StringTransport({ reactor })
    const channel = new Site(
      WebSocketResource.forProtocol(Watched, { pingIntervalMs: Infinity }),
    ).buildProtocol(transport.getPeer())
    expect(channel).toBeDefined()
    if (channel !== undefined) transport.begin(channel)
    transport.receive(handshake())
    await reactor.settle()
    expect(outcome).toBe('upgraded')
    expect([...reactor.connections]).toEqual([transport])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('refuses an invalid factory, protocol class or option at construction', () => {
    class NoProtocol extends Resource {}
    for (const ProtocolClass of [
      NoProtocol,
      undefined,
      new Greeter(),
      () => new Greeter(),
      WebSocketProtocol.prototype,
    ])
      expect(() => WebSocketResource.forProtocol(ProtocolClass as never)).toThrow(
        /^Cannot take ProtocolClass .* for WebSocketResource\.forProtocol: give a class that extends WebSocketProtocol$/,
      )
    for (const factory of [undefined, null, {}, Greeter, { buildProtocol: true, selectSubprotocol: true }])
      expect(() => new WebSocketResource(factory as never)).toThrow(
        /^Cannot take factory .* for WebSocketResource: give a WebSocketServerFactory$/,
      )
    expect(() => WebSocketResource.forProtocol(Greeter, { origins: 'https://example.org' as never })).toThrow(
      /^Cannot take origins "https:\/\/example.org" for WebSocketResource/,
    )
    expect(() => WebSocketResource.forProtocol(Greeter, { origins: ['example.org'] })).toThrow(
      'Cannot take origins[0] "example.org" for WebSocketResource.forProtocol: give \'https://example.org\', as browsers send it',
    )
    expect(() => WebSocketResource.forProtocol(Greeter, { closeTimeoutMs: NaN })).toThrow(RangeError)
  })
})

describe('WebSocketResource, when the built protocol cannot be used', () => {
  /** Builds the protocol that a test passes to `build`. */
  class Later extends WebSocketServerFactory {
    build: (protocol: unknown) => void = () => undefined

    override buildProtocol(_request: Request): Promise<WebSocketProtocol> {
      return new Promise((resolve) => (this.build = resolve as (protocol: unknown) => void))
    }
  }

  async function requested(): Promise<{ factory: Later; exchange: SiteExchange; protocol: Pending }> {
    const factory = new Later()
    const exchange = new SiteExchange(new WebSocketResource(factory))
    await exchange.send(handshake())
    return { factory, exchange, protocol: new Pending() }
  }

  test('notifies a protocol that is built after its client is gone', async () => {
    for (const leave of ['receiveReset', 'abortConnection'] as const) {
      const { factory, exchange, protocol } = await requested()
      exchange.transport[leave]()
      await exchange.reactor.settle()
      factory.build(protocol)
      await exchange.reactor.settle()
      expect(protocol.closed).toMatchObject([{ code: 1006, closedBy: 'neither' }])
      expect(protocol.closed[0]?.cause).toBeInstanceOf(ConnectionClosed)
      expect(protocol.transport.signal.reason).toBe(protocol.closed[0]?.cause)
      expect(exchange.reactor.logged).toEqual([])
    }
  })

  test('notifies a protocol that is built after handshakeTimeoutMs, and logs only that', async () => {
    const { factory, exchange, protocol } = await requested()
    exchange.reactor.advance(10_100)
    expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 503 /)
    factory.build(protocol)
    await exchange.reactor.settle()
    expect(protocol.closed).toHaveLength(1)
    expect(exchange.reactor.flushLoggedErrors()).toEqual([])
  })

  test('notifies a protocol that is built after a FIN of its client', async () => {
    const { factory, exchange, protocol } = await requested()
    exchange.transport.receiveEnd()
    factory.build(protocol)
    await exchange.reactor.settle()
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ code: 1006, closedBy: 'neither' }])
  })

  test('responds with 500 and notifies the protocol when the 101 cannot be sent', async () => {
    class Broken extends Later {
      override buildProtocol(request: Request): Promise<WebSocketProtocol> {
        request.upgrade = () => {
          throw new Error('cannot send')
        }
        return super.buildProtocol(request)
      }
    }
    const factory = new Broken()
    const exchange = new SiteExchange(new WebSocketResource(factory))
    await exchange.send(handshake())
    const protocol = new Pending()
    factory.build(protocol)
    expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 500 /)
    expect(protocol.closed).toMatchObject([{ closedBy: 'neither' }])
    expect(protocol.closed[0]?.cause).toBeInstanceOf(ConnectionAborted)
    expect(protocol.closed[0]?.cause.cause).toBeInstanceOf(Error)
  })

  test('responds with 500 and builds nothing when the choice of the subprotocol fails', async () => {
    class Choosing extends Later {
      readonly choose: () => string
      built = 0
      constructor(choose: () => string) {
        super()
        this.choose = choose
      }
      override selectSubprotocol(): string {
        return this.choose()
      }
      override buildProtocol(request: Request): Promise<WebSocketProtocol> {
        this.built++
        return super.buildProtocol(request)
      }
    }
    for (const choose of [
      () => 'not offered',
      () => {
        throw new Error('cannot choose')
      },
    ]) {
      const factory = new Choosing(choose)
      const exchange = new SiteExchange(new WebSocketResource(factory))
      await exchange.send(handshake())
      expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 500 /)
      expect(factory.built).toBe(0)
    }
  })

  test('notifies a protocol that is built for a finished request', async () => {
    class Finishing extends WebSocketServerFactory {
      readonly protocol = new Pending()
      override buildProtocol(request: Request): WebSocketProtocol {
        request.finish('instead')
        return this.protocol
      }
    }
    const factory = new Finishing()
    const exchange = new SiteExchange(new WebSocketResource(factory))
    await exchange.send(handshake())
    expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 200 /)
    expect(factory.protocol.closed).toHaveLength(1)
  })

  test('responds with 403 when nothing is built, and with 500 when another value is built', async () => {
    for (const [built, status] of [
      [undefined, 403],
      [null, 403],
      [{}, 500],
      [Pending, 500],
      ['protocol', 500],
    ] as const) {
      const { factory, exchange } = await requested()
      factory.build(built)
      expect((await exchange.received()).toString().slice(9, 12)).toBe(String(status))
      const wrong = expect.stringContaining('buildProtocol must return a WebSocketProtocol') as string
      expect(exchange.reactor.logged.map(({ error }) => (error as Error).message)).toEqual(
        status === 500 ? [wrong] : [],
      )
    }
  })

  test('accepts a thenable of a protocol, and null for no subprotocol', async () => {
    class Thenable extends WebSocketServerFactory {
      override buildProtocol(): PromiseLike<WebSocketProtocol> {
        return thenable((built) => built(new Greeter()))
      }
      override selectSubprotocol(): null {
        return null
      }
    }
    const exchange = new SiteExchange(new WebSocketResource(new Thenable()))
    await exchange.send(handshake({ 'Sec-WebSocket-Protocol': 'chat' }))
    const response = (await exchange.received()).toString()
    expect(response).toMatch(/^HTTP\/1\.1 101 /)
    expect(response).not.toContain('Sec-WebSocket-Protocol')
  })
})
