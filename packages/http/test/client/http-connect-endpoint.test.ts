import { ConnectError, ConnectionRefusedError, Factory, LineReceiver, Protocol } from '@ropewalk/core'
import { connectProtocol, ConnectingCancelledError, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { chunkings, leftovers, MemoryReactor } from '@ropewalk/core/testing'
import { TimeoutError } from '@ropewalk/core/time'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HTTPConnectEndpoint, ProxyRefused } from '../../src/client.ts'
import { ConnectProxy } from './connect-proxy.ts'

class Echo extends LineReceiver {
  override lineReceived(line: Buffer): void {
    this.sendLine(line)
  }
}

class Lines extends LineReceiver {
  readonly lines: string[] = []
  override lineReceived(line: Buffer): void {
    this.lines.push(line.toString())
  }
}

/** A reactor with an echo on port 7, and a proxy on port 3128. */
async function network(): Promise<{
  reactor: MemoryReactor
  proxy: ConnectProxy
  toProxy: TCPClientEndpoint
}> {
  const reactor = new MemoryReactor()
  const proxy = new ConnectProxy()
  await reactor.listenTCP(7, Factory.forProtocol(Echo))
  await reactor.listenTCP(3128, proxy)
  onTestFinished(async () => {
    for (const transport of reactor.connections) transport.abortConnection()
    await reactor.settle()
    expect(leftovers(reactor)).toEqual([])
  })
  return { reactor, proxy, toProxy: new TCPClientEndpoint(reactor, '127.0.0.1', 3128) }
}

/** Connects through a proxy that sends each of `pieces` in a turn of its own. */
async function through(pieces: readonly Buffer[], end = true): Promise<{ lines: string[]; error: unknown }> {
  const reactor = new MemoryReactor()
  class Proxy extends Protocol {
    override dataReceived(): void {
      const next = (at: number): void => {
        const piece = pieces[at]
        if (piece === undefined) return end ? this.transport.loseConnection() : undefined
        this.transport.write(piece)
        reactor.callLater(0, () => next(at + 1))
      }
      next(0)
    }
  }
  await reactor.listenTCP(3128, Factory.forProtocol(Proxy))
  const lines = new Lines()
  const endpoint = new HTTPConnectEndpoint(
    new TCPClientEndpoint(reactor, '127.0.0.1', 3128),
    'far.example',
    7,
  )
  let error: unknown
  connectProtocol(endpoint, lines).catch((why: unknown) => (error = why))
  for (let at = 0; at < pieces.length + 2; at++) {
    await reactor.settle()
    reactor.advance(0)
  }
  await reactor.settle()
  for (const transport of reactor.connections) transport.abortConnection()
  await reactor.settle()
  expect(leftovers(reactor)).toEqual([])
  expect(reactor.flushLoggedErrors()).toEqual([])
  return { lines: lines.lines, error }
}

describe('HTTPConnectEndpoint', () => {
  test('runs any protocol through the proxy', async () => {
    const { reactor, proxy, toProxy } = await network()
    const credentials = { username: 'Aladdin', password: 'open sesame' }
    const options = { credentials, headers: { 'User-Agent': 'test' } }
    const lines = new Lines()
    const connected = connectProtocol(new HTTPConnectEndpoint(toProxy, '127.0.0.1', 7, options), lines)
    await reactor.settle()
    await connected
    lines.sendLine('hello')
    await reactor.settle()
    expect(lines.lines).toEqual(['hello'])
    expect(proxy.heads).toEqual([
      [
        'CONNECT 127.0.0.1:7 HTTP/1.1',
        'Host: 127.0.0.1:7',
        'Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
        'User-Agent: test',
      ],
    ])
  })

  test('delivers what follows the response, in every chunking', async () => {
    const text = 'HTTP/1.0 200 Connection established\r\n\r\nfirst\r\nsecond\r\n'
    for (const pieces of chunkings(text)) expect((await through(pieces)).lines).toEqual(['first', 'second'])
  })

  test('encodes international names, and puts IPv6 addresses into brackets', async () => {
    const { reactor, proxy, toProxy } = await network()
    proxy.refusal = 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'
    for (const host of ['bücher.example', '::1']) {
      connectProtocol(new HTTPConnectEndpoint(toProxy, host, 443), new Lines()).catch(() => undefined)
      await reactor.settle()
    }
    expect(proxy.heads.map(([line]) => line)).toEqual([
      'CONNECT xn--bcher-kva.example:443 HTTP/1.1',
      'CONNECT [::1]:443 HTTP/1.1',
    ])
  })

  test('rejects with the status, headers and body of a refusal', async () => {
    for (const pieces of chunkings(
      'HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nlogin',
    )) {
      const { error } = await through(pieces, false)
      expect(error).toBeInstanceOf(ProxyRefused)
      expect(error).toMatchObject({
        message: 'Cannot connect to far.example:7: the proxy responded with 407 Auth',
        status: 407,
        body: Buffer.from('login'),
      })
      expect((error as ProxyRefused).headers.get('proxy-authenticate')).toBe('Basic')
    }
  })

  test.each([
    ['SSH-2.0-x\r\n', 'the proxy did not respond with HTTP: Cannot read status line: byte 0 cannot be 0x53'],
    ['HTTP/1.1 200 OK\r\nA', 'the connection to the proxy ended before its response'],
  ])('rejects with a ConnectError after %j', async (text, why) => {
    const { error } = await through([Buffer.from(text)])
    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ message: `Cannot connect to far.example:7: ${why}` })
  })

  test('waits for the response no longer than timeoutMs', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(3128, Factory.forProtocol(Lines))
    const endpoint = new HTTPConnectEndpoint(new TCPClientEndpoint(reactor, 'p', 3128), 'far', 7, {
      timeoutMs: 500,
    })
    let error: unknown
    connectProtocol(endpoint, new Lines()).catch((why: unknown) => (error = why))
    await reactor.settle()
    reactor.advance(499)
    await reactor.settle()
    expect(error).toBeUndefined()
    reactor.advance(200)
    await reactor.settle()
    expect(error).toBeInstanceOf(TimeoutError)
    expect(leftovers(reactor)).toEqual([])
  })

  test('is cancelled by the signal, while it waits for the proxy and for its response', async () => {
    const { reactor, proxy, toProxy } = await network()
    proxy.refusal = ''
    for (const turns of [0, 1]) {
      const stop = new AbortController()
      let error: unknown
      const endpoint = new HTTPConnectEndpoint(toProxy, 'far', 7)
      endpoint
        .connect(Factory.forProtocol(Lines), { signal: stop.signal })
        .catch((why: unknown) => (error = why))
      if (turns > 0) await reactor.settle()
      stop.abort()
      await reactor.settle()
      expect(error).toBeInstanceOf(ConnectingCancelledError)
    }
  })

  test('rejects with the error of the proxy’s endpoint', async () => {
    const reactor = new MemoryReactor()
    const endpoint = new HTTPConnectEndpoint(new TCPClientEndpoint(reactor, 'p', 3128), 'far', 7)
    let error: unknown
    connectProtocol(endpoint, new Lines()).catch((why: unknown) => (error = why))
    await reactor.settle()
    expect(error).toBeInstanceOf(ConnectionRefusedError)
  })

  test('refuses wrong arguments', () => {
    const proxy = new TCPClientEndpoint(new MemoryReactor(), 'p', 3128)
    const make = (host: unknown, port: unknown, options?: object) => () =>
      new HTTPConnectEndpoint(proxy, host as string, port as number, options)
    expect(make('h\r\nX: 1', 1)).toThrow(RangeError)
    expect(make('h/path', 1)).toThrow('Cannot take host "h/path" for HTTPConnectEndpoint')
    expect(make('', 1)).toThrow(RangeError)
    expect(make('h', 0)).toThrow('give a whole number, 1 to 65535')
    expect(make('h', 1, { timeout: 1 })).toThrow('did you mean timeoutMs?')
    expect(make('h', 1, { headers: { Host: 'x' } })).toThrow('Cannot take the header Host')
    expect(make('h', 1, { headers: { 'X-A': 'a\r\nb' } })).toThrow('control characters')
    expect(make('h', 1, { headers: 'X: 1' })).toThrow(TypeError)
    expect(make('h', 1, { credentials: { username: 'a:b', password: '' } })).toThrow('colon')
    expect(make('h', 1, { credentials: { username: 'a', password: 'b\n' } })).toThrow('control character')
    expect(make('h', 1, { credentials: { username: 'a' } })).toThrow('both strings')
  })
})
