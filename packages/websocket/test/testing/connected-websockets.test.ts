import { sleep } from '@ropewalk/core'
import { leftovers, MemoryReactor } from '@ropewalk/core/testing'
import { HTTPError, Resource, Site } from '@ropewalk/http'
import { describe, expect, test } from 'vitest'
import {
  ConnectionRejected,
  WebSocketProtocol,
  WebSocketResource,
  WebSocketServerFactory,
} from '../../src/index.ts'
import { connectedWebSockets, openWebSocket } from '../../src/testing.ts'
import { Recorder } from '../bugs/parties.ts'

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    this.transport.sendTextMessage(text)
  }
  override bytesMessageReceived(data: Buffer): void {
    this.transport.sendBytesMessage(data)
  }
}

/** Refuses, or builds an Echo after some time. */
class Late extends WebSocketServerFactory {
  override async buildProtocol(
    request: Parameters<WebSocketServerFactory['buildProtocol']>[0],
  ): Promise<Echo> {
    await sleep(1_000, { reactor: request.reactor })
    if (request.path === '/refused') throw new HTTPError(401)
    return new Echo()
  }
}

describe('connectedWebSockets', () => {
  test('delivers messages both ways, and leaves nothing after the end', async () => {
    const recorder = new Recorder()
    const { reactor, server, client, settle } = await connectedWebSockets(new Echo(), recorder)
    client.sendTextMessage('Grüße')
    client.sendBytesMessage(Buffer.alloc(100_000, 'x'))
    server.sendTextMessage('unasked')
    await settle()
    expect(recorder.messages).toEqual(['unasked', 'Grüße', Buffer.alloc(100_000, 'x')])
    server.loseConnection(3001, 'enough')
    await settle()
    expect(recorder.closed).toMatchObject([
      { code: 3001, reason: 'enough', closedBy: 'peer', wasClean: true },
    ])
    expect(leftovers(reactor)).toEqual([])
  })

  test('passes the options on to both sides', async () => {
    const protocol = new Recorder()
    const { server, client, settle } = await connectedWebSockets(protocol, new Recorder(), {
      path: '/chat?room=1',
      client: { subprotocols: ['chat', 'old'], headers: { Cookie: 'a=b' }, maxMessageBytes: 5 },
      server: { maxMessageBytes: 5 },
    })
    expect([server.subprotocol, client.subprotocol]).toEqual(['chat', 'chat'])
    expect(server.request.uri).toBe('/chat?room=1')
    expect(server.request.requestHeaders.get('Cookie')).toBe('a=b')
    client.sendTextMessage('123456')
    await settle()
    expect(protocol.closed).toMatchObject([{ violation: 'message-too-large' }])
  })

  test('rejects when the server refuses the client', async () => {
    const refused = connectedWebSockets(new Echo(), new Recorder(), {
      client: { headers: { Origin: 'https://evil.example' } },
    })
    await expect(refused).rejects.toThrow(ConnectionRejected)
    await expect(refused).rejects.toMatchObject({ status: 403 })
  })

  test('states what is wrong with an argument', async () => {
    await expect(connectedWebSockets(Echo as never, new Echo())).rejects.toThrow(
      /Cannot take serverProtocol .* for connectedWebSockets/,
    )
    await expect(connectedWebSockets(new Echo(), new Echo(), { reactors: 1 } as never)).rejects.toThrow(
      'did you mean reactor?',
    )
    await expect(openWebSocket(new Site(new Resource()), new Echo(), { path: 'x' })).rejects.toThrow(
      "a path that begins with '/'",
    )
  })
})

describe('openWebSocket', () => {
  const site = (): Site => new Site(new WebSocketResource(new Late()))

  test('opens a WebSocket of a site while the test moves time', async () => {
    const reactor = new MemoryReactor()
    const recorder = new Recorder()
    const opening = openWebSocket(site(), recorder, { reactor })
    await reactor.settle()
    reactor.advance(1_000)
    const { client, settle } = await opening
    client.sendTextMessage('hi')
    await settle()
    expect(recorder.messages).toEqual(['hi'])
    client.abortConnection()
    await reactor.settle()
    expect(leftovers(reactor)).toEqual([])
  })

  test('rejects with the status and the body of a refusal', async () => {
    const reactor = new MemoryReactor()
    const opening = openWebSocket(site(), new Recorder(), { reactor, path: '/refused' })
    await reactor.settle()
    reactor.advance(1_000)
    await expect(opening).rejects.toMatchObject({ status: 401 })
  })

  test('rejects when the site waits for time that the test does not move', async () => {
    await expect(openWebSocket(site(), new Recorder(), { timeoutMs: 5 })).rejects.toThrow(
      'give it a reactor and advance that',
    )
  })
})
