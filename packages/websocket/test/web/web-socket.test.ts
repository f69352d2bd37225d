/* oxlint-disable unicorn/prefer-add-event-listener -- the attributes are tested */
import { Site } from '@ropewalk/http'
import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { WebSocketServerFactory } from '../../src/server/websocket-server-factory.ts'
import { WebSocket, type WebSocketInit } from '../../src/web.ts'

class Server extends WebSocketProtocol {
  readonly calls: string[] = []
  override textMessageReceived(text: string): void {
    this.calls.push(`text ${text}`)
  }
  override bytesMessageReceived(data: Buffer): void {
    this.calls.push(`bytes ${data.toString()}`)
  }
  override connectionLost({ code, reason }: WebSocketClosed): void {
    this.calls.push(`lost ${code} ${reason}`)
  }
}

/** A server in memory, and WebSockets that connect to it. */
class Pair {
  readonly reactor = new MemoryReactor()
  readonly server = new Server()
  readonly events: string[] = []

  static async listening(refuse = false): Promise<Pair> {
    const pair = new Pair()
    class Factory extends WebSocketServerFactory {
      override buildProtocol(): WebSocketProtocol | undefined {
        return refuse ? undefined : pair.server
      }
      override selectSubprotocol(offered: readonly string[]): string | undefined {
        return offered[1]
      }
    }
    await pair.reactor.listenTCP(80, new Site(new WebSocketResource(new Factory(), { origins: 'any' })))
    onTestFinished(async () => {
      for (const transport of pair.reactor.connections) transport.abortConnection()
      await pair.reactor.settle()
    })
    return pair
  }

  socket(protocols: string | readonly string[] = [], init: WebSocketInit = {}): WebSocket {
    const socket = new WebSocket('ws://127.0.0.1/path', protocols, { reactor: this.reactor, ...init })
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => this.events.push('open')
    socket.onmessage = ({ data }: { data: unknown }) =>
      this.events.push(`message ${data instanceof ArrayBuffer ? Buffer.from(data).toString() : String(data)}`)
    socket.onerror = ({ message }) => this.events.push(`error ${message}`)
    socket.onclose = ({ code, reason, wasClean }) => this.events.push(`close ${code} ${reason} ${wasClean}`)
    return socket
  }

  async open(protocols?: string | readonly string[], init?: WebSocketInit): Promise<WebSocket> {
    const socket = this.socket(protocols, init)
    await this.reactor.settle()
    if (this.events.splice(0).join() !== 'open') throw new Error('The WebSocket did not open')
    return socket
  }

  /** The events since the last call. */
  async happened(): Promise<string[]> {
    await this.reactor.settle()
    return this.events.splice(0)
  }
}

describe('WebSocket', () => {
  test('opens, exchanges messages and closes', async () => {
    const pair = await Pair.listening()
    const socket = pair.socket(['one', 'two'])
    expect([socket.readyState, socket.url, socket.protocol]).toEqual([0, 'ws://127.0.0.1/path', ''])
    expect(await pair.happened()).toEqual(['open'])
    expect([socket.readyState, socket.protocol, socket.extensions]).toEqual([WebSocket.OPEN, 'two', ''])
    socket.send('text \ud800')
    socket.send(new Uint8Array([0x61, 0x62, 0x63]).subarray(1))
    socket.send(new Uint16Array([0x6262]).buffer)
    socket.send(5 as never)
    pair.server.transport.sendTextMessage('hello')
    pair.server.transport.sendBytesMessage(Buffer.from('bytes'))
    expect(await pair.happened()).toEqual(['message hello', 'message bytes'])
    expect(pair.server.calls).toEqual(['text text \ufffd', 'bytes bc', 'bytes bb', 'text 5'])
    socket.close(3000, 'done')
    expect(socket.readyState).toBe(WebSocket.CLOSING)
    expect(await pair.happened()).toEqual(['close 3000  true'])
    expect(socket.readyState).toBe(socket.CLOSED)
    expect(pair.server.calls.at(-1)).toBe('lost 3000 done')
  })

  test('sends a close frame without a code when none is given', async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    socket.close()
    socket.close(4000)
    expect(await pair.happened()).toEqual(['close 1005  true'])
    expect(pair.server.calls).toEqual(['lost 1005 '])
  })

  test("reports the server's code and reason, and dispatches no message after close()", async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    pair.server.transport.sendTextMessage('last')
    pair.server.transport.loseConnection(4001, 'bye')
    expect(await pair.happened()).toEqual(['message last', 'close 4001 bye true'])
    expect(socket.readyState).toBe(3)
    const other = await Pair.listening()
    const closing = await other.open()
    other.server.transport.sendTextMessage('late')
    closing.close()
    expect(await other.happened()).toEqual(['close 1005  true'])
  })

  test('gives binary messages as Blobs by default', async () => {
    const pair = await Pair.listening()
    const socket = new WebSocket('ws://127.0.0.1/', [], { reactor: pair.reactor })
    expect(socket.binaryType).toBe('blob')
    socket.binaryType = 'nothing' as never
    expect(socket.binaryType).toBe('blob')
    const received: unknown[] = []
    socket.addEventListener('message', ({ data, origin }: MessageEvent) => received.push(data, origin))
    await pair.reactor.settle()
    pair.server.transport.sendBytesMessage(Buffer.from('abc'))
    await pair.reactor.settle()
    expect(await (received[0] as Blob).text()).toBe('abc')
    expect(received[1]).toBe('ws://127.0.0.1')
  })

  test('sends Blobs in their order', async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    socket.send(new Blob(['blob ', 'in parts']))
    socket.send('after')
    expect(socket.bufferedAmount).toBeGreaterThanOrEqual(13)
    socket.close()
    await expect
      .poll(async () => {
        await pair.reactor.settle()
        return pair.server.calls
      })
      .toEqual(['bytes blob in parts', 'text after', 'lost 1005 '])
  })

  test('counts the bytes of messages in bufferedAmount', async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    socket.send('é')
    socket.send(new ArrayBuffer(10))
    expect(socket.bufferedAmount).toBe(12)
    await pair.reactor.settle()
    expect(socket.bufferedAmount).toBe(0)
    pair.server.transport.pauseProducing()
    socket.send(new Uint8Array(1_000_000))
    // The first 64 KiB leave at once.
    const waiting = socket.bufferedAmount
    expect(waiting).toBeGreaterThan(900_000)
    expect(waiting).toBeLessThan(1_000_000)
    socket.close()
    socket.send('12345')
    expect(socket.bufferedAmount).toBe(waiting + 5)
    await pair.happened()
    expect(socket.bufferedAmount).toBe(5)
  })

  test('copies what is sent', async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    const bytes = new Uint8Array([0x61])
    socket.send(bytes)
    bytes[0] = 0x62
    await pair.reactor.settle()
    expect(pair.server.calls).toEqual(['bytes a'])
  })

  test('throws in send while it is connecting', async () => {
    const pair = await Pair.listening()
    const socket = pair.socket()
    expect(() => socket.send('early')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    await pair.reactor.settle()
  })

  test('dispatches error and close when it cannot connect, is refused or is closed before', async () => {
    const refusing = await Pair.listening(true)
    const refused = refusing.socket()
    expect(await refusing.happened()).toEqual([expect.stringMatching(/^error .*403/), 'close 1006  false'])
    expect(refused.readyState).toBe(3)
    const pair = await Pair.listening()
    pair.socket().close()
    expect(await pair.happened()).toEqual([expect.stringMatching(/^error /), 'close 1006  false'])
    const reactor = new MemoryReactor()
    const events: string[] = []
    const socket = new WebSocket('ws://127.0.0.1/', 'one', { reactor })
    socket.onclose = ({ code }) => events.push(`close ${code}`)
    await reactor.settle()
    expect(events).toEqual(['close 1006'])
    expect(reactor.logged).toEqual([])
  })

  test('closes at once when close() is called in the turn in which it opens', async () => {
    const pair = await Pair.listening()
    const socket = pair.socket()
    socket.onopen = () => socket.close(1000)
    expect(await pair.happened()).toEqual(['close 1000  true'])
  })

  test.each([['a reset', (pair: Pair) => pair.server.transport.abortConnection()]])(
    'dispatches error and close after %s',
    async (_, end) => {
      const pair = await Pair.listening()
      await pair.open()
      end(pair)
      expect(await pair.happened()).toEqual([expect.stringMatching(/^error /), 'close 1006  false'])
    },
  )

  test.each([
    ['/relative', 'no absolute URL'],
    ['ftp://h/', 'scheme'],
    ['ws://h/#part', 'fragment'],
    ['ws://h/#', 'fragment'],
  ])('throws a SyntaxError for %s', (url, why) => {
    const create = () => new WebSocket(url, [], { reactor: new MemoryReactor() })
    expect(create).toThrow(
      expect.objectContaining({ name: 'SyntaxError', message: expect.stringContaining(why) }),
    )
  })

  test('takes http: and https: as ws: and wss:, and refuses wrong subprotocols', async () => {
    const pair = await Pair.listening()
    const { reactor } = pair
    const socket = new WebSocket('http://127.0.0.1', [], { reactor })
    expect(socket.url).toBe('ws://127.0.0.1/')
    await reactor.settle()
    for (const protocols of [['a', 'a'], 'a b', [''], ['a,b']])
      expect(() => new WebSocket('ws://h', protocols, { reactor })).toThrow(
        expect.objectContaining({ name: 'SyntaxError' }),
      )
    expect(() => new WebSocket('ws://h', [], { reactor, maxPayload: 5 } as never)).toThrow(TypeError)
  })

  test('checks the code and reason of close()', async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    for (const code of [0, 999, 1001, 1005, 2999, 5000, NaN])
      expect(() => socket.close(code)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
    expect(() => socket.close(1000, 'é'.repeat(62))).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    expect(socket.readyState).toBe(1)
    socket.close(undefined, 'a reason')
    await pair.reactor.settle()
    expect(pair.server.calls).toEqual(['lost 1000 a reason'])
  })

  test.each([
    ['3000', '', 'lost 3000 '],
    [3000.5, '', 'lost 3000 '],
    [3001.5, 5, 'lost 3002 5'],
  ])('converts the code %j and the reason %j as browsers do', async (code, reason, lost) => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    socket.close(code as number, reason as string)
    await pair.reactor.settle()
    expect(pair.server.calls).toEqual([lost])
    expect(socket.readyState).toBe(3)
  })

  test('takes no listener for none', async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    for (const none of [null, undefined]) {
      socket.addEventListener('message', none as null)
      socket.removeEventListener('message', none as null)
    }
    pair.server.transport.sendTextMessage('a')
    await pair.reactor.settle()
    expect(pair.events).toEqual(['message a'])
  })

  test('logs what a listener throws or rejects with, and goes on', async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    socket.addEventListener('message', () => {
      throw new Error('thrown')
    })
    socket.addEventListener('message', { handleEvent: () => Promise.reject(new Error('rejected')) })
    pair.server.transport.sendTextMessage('a')
    expect(await pair.happened()).toEqual(['message a'])
    expect(pair.reactor.flushLoggedErrors()).toMatchObject([{ message: 'thrown' }, { message: 'rejected' }])
    expect(socket.readyState).toBe(1)
  })
})

describe('WebSocketEventTarget', () => {
  test('keeps the place of a handler that is replaced, and removes listeners', async () => {
    const pair = await Pair.listening()
    const socket = await pair.open()
    const calls: string[] = []
    socket.onmessage = () => calls.push('first')
    const listener = () => calls.push('listener')
    socket.addEventListener('message', listener)
    socket.addEventListener('message', listener)
    socket.addEventListener('message', null)
    socket.onmessage = function (this: unknown) {
      calls.push(this === socket ? 'second' : 'wrong this')
    }
    socket.addEventListener('message', () => calls.push('once'), { once: true })
    pair.server.transport.sendTextMessage('a')
    await pair.reactor.settle()
    expect(calls.splice(0)).toEqual(['second', 'listener', 'once'])
    socket.removeEventListener('message', listener)
    const unknown = (): void => undefined
    socket.removeEventListener('message', unknown)
    socket.onmessage = 'no function' as never
    expect(socket.onmessage).toBeNull()
    pair.server.transport.sendTextMessage('b')
    await pair.reactor.settle()
    expect(calls).toEqual([])
  })
})
