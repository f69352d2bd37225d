import { type Request, Resource, Site } from '@ropewalk/http'
import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../src/websocket-protocol.ts'
import { WebSocketResource } from '../src/websocket-resource.ts'
import { answer, frame, handshake, SiteExchange } from './websocket-exchange.ts'

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
  test('is a place of a site like any other, and answers for all below it', async () => {
    const root = new Resource()
    root.putChild('ws', WebSocketResource.forProtocol(Greeter))
    const exchange = new SiteExchange(root)
    await exchange.send('GET /other HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 404 /)
    await exchange.send(handshake({}, 'GET /ws/a/b HTTP/1.1'))
    const received = await exchange.received()
    expect(received.toString()).toMatch(/^HTTP\/1\.1 101 /)
    expect(received.subarray(received.indexOf('\r\n\r\n') + 4)).toEqual(answer(1, 'hello /ws/a/b'))
  })

  test('case 200: an upgrade behind a slow request waits for its answer, and loses no frame', async () => {
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
      Buffer.concat([answer(1, 'hello /ws'), answer(10, 'early')]),
    )
  })

  test('the request ends as upgraded, and its connection stays in the books', async () => {
    let outcome: unknown
    class Watched extends WebSocketProtocol {
      override negotiationFinished(): void {
        void this.transport.request.finished.then((ended) => (outcome = ended))
      }
    }
    const reactor = new MemoryReactor()
    const transport = new StringTransport({ reactor })
    const channel = new Site(WebSocketResource.forProtocol(Watched)).buildProtocol(transport.getPeer())
    expect(channel).toBeDefined()
    if (channel !== undefined) transport.begin(channel)
    transport.receive(handshake())
    await reactor.settle()
    expect(outcome).toBe('upgraded')
    expect([...reactor.connections]).toEqual([transport])
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('refuses at construction what is no factory, no protocol class, or no option', () => {
    class NoProtocol {}
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
      'Cannot take origins[0] "example.org" for WebSocketResource: give \'https://example.org\', as browsers send it',
    )
    expect(() => WebSocketResource.forProtocol(Greeter, { closeTimeoutMs: NaN })).toThrow(RangeError)
  })
})
