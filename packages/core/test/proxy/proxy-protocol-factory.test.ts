import { describe, expect, test } from 'vitest'
import { StreamTransport } from '../../src/transport/stream-transport.ts'
import {
  type Address,
  ConnectionAborted,
  ConnectionDone,
  Factory,
  tcpAddress,
  unixAddress,
} from '../../src/index.ts'
import type { LogConnection } from '../../src/log.ts'
import { IdleTimeout, WrappingFactory } from '../../src/policies.ts'
import {
  proxyHeaderOf,
  ProxyHeaderReader,
  type ProxyProtocolError,
  ProxyProtocolFactory,
  type ProxyProtocolOptions,
  SendProxyHeader,
  writeProxyV2,
} from '../../src/proxy.ts'
import {
  keepProxyHeader,
  ProxyHeaderProtocol,
  ThrottledWarning,
} from '../../src/proxy/proxy-protocol-factory.ts'
import { chunkings, MemoryReactor, StringTransport } from '../../src/testing.ts'
import { ALPNFactory, ServerTLS, TLSFactory, type TLSSession } from '../../src/tls.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { TrustedSources } from '../../src/proxy/trusted-sources.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'
import { claim, ipv4, v2Bytes } from './header-cases.ts'

const PEER = tcpAddress('192.168.1.1', 54_321)

class Asked extends Factory<Recorder> {
  readonly asked: unknown[][] = []
  protocol: Recorder | undefined = new Recorder()

  override buildProtocol(...asked: unknown[]): Recorder | undefined {
    this.asked.push(asked)
    return this.protocol
  }
}

function connect(inner: Factory<Recorder>, options: Partial<ProxyProtocolOptions> = {}): StringTransport {
  const factory = new ProxyProtocolFactory(inner, { trustedSources: [PEER.host], ...options })
  return StringTransport.connect(factory.buildProtocol(PEER), { peerAddress: PEER })
}

describe('ProxyProtocolFactory', () => {
  test('builds with the address of the client, which is the peer from then on', () => {
    const [inner, header] = [new Asked(), writeProxyV2(claim(ipv4, { alpn: 'h2' }))]
    const transport = connect(inner)
    expect([transport.getPeer(), inner.asked]).toEqual([PEER, []])
    transport.receive(Buffer.concat([header, Buffer.from('hello')]))
    expect(inner.asked).toEqual([[ipv4.source, undefined]])
    expect(inner.protocol?.events).toEqual(['made', 'data hello'])
    expect([transport.getPeer(), transport.getHost()]).toEqual([ipv4.source, ipv4.destination])
    expect(StreamTransport.connectionOf(transport).label).toContain('192.0.2.7:4242')
    expect(proxyHeaderOf(transport)).toEqual({ version: 2, ...claim(ipv4, { alpn: 'h2' }) })
  })

  test.each([
    ['LOCAL', v2Bytes(0x20, 0x11, 'c0000207 c6336401 1092 01bb')],
    ['UNKNOWN', 'PROXY UNKNOWN 192.0.2.7 198.51.100.1 4242 443\r\n'],
    ['AF_UNSPEC', v2Bytes(0x21, 0x00)],
  ])('keeps the addresses of the proxy with %s, and logs nothing', (_name, bytes) => {
    const inner = new Asked()
    const transport = connect(inner)
    const host = transport.getHost()
    transport.receive(bytes)
    expect(inner.asked).toEqual([[PEER, undefined]])
    expect([transport.getPeer(), transport.getHost(), transport.reactor.logged]).toEqual([PEER, host, []])
  })

  test('closes a connection that its factory refuses', () => {
    const inner = new Asked()
    inner.protocol = undefined
    const transport = connect(inner)
    transport.receive('PROXY UNKNOWN\r\n')
    transport.receiveEnd()
    expect(transport.signal.reason).toBeInstanceOf(ConnectionDone)
  })

  test('aborts and logs when its factory fails', () => {
    const failure = new Error('no')
    const transport = connect(
      new (class extends Asked {
        override buildProtocol(): never {
          throw failure
        }
      })(),
    )
    transport.receive('PROXY UNKNOWN\r\n')
    expect(transport.reactor.logged).toMatchObject([{ level: 'error', error: failure }])
    expect(transport.signal.reason).toMatchObject({ name: 'ConnectionAborted', cause: failure })
  })

  test('passes every call to its factory', () => {
    const policy = new IdleTimeout(1000)
    const inner = new ALPNFactory({ echo: new OneProtocol(new Recorder()) })
    const factory = new ProxyProtocolFactory(new WrappingFactory(inner, [policy]), { trustedSources: 'any' })
    expect([factory.policies, factory.acceptableProtocols]).toEqual([[policy], ['echo']])
    void factory.doStart()
    expect(inner.numPorts).toBe(1)
    void factory.doStop()
    expect(inner.numPorts).toBe(0)
  })

  test('passes on the TLS session when the header is inside TLS', () => {
    const [inner, session] = [new Asked(), { negotiatedProtocol: 'echo' } as TLSSession]
    const factory = new ProxyProtocolFactory(inner, { trustedSources: 'any' })
    StringTransport.connect(factory.buildProtocol(PEER, session)).receive('PROXY UNKNOWN\r\n')
    expect(inner.asked[0]?.[1]).toBe(session)
  })

  test('reads the header before TLS', async () => {
    const [reactor, echo, client] = [new MemoryReactor(), new Echo(), new Recorder()]
    const inner = new TLSFactory(new OneProtocol(echo), new ServerTLS(server))
    await reactor.listenTCP(443, new ProxyProtocolFactory(inner, { trustedSources: 'any' }))
    const policies = [new SendProxyHeader(() => writeProxyV2(claim(ipv4)))]
    reactor.connectSSL('localhost', 443, new OneProtocol(client), { trustRoots: [root] }, { policies })
    await settleUntil(reactor, () => client.made)
    client.transport.write('hello')
    await settleUntil(reactor, () => client.text === 'hello')
    expect([echo.transport.getPeer(), proxyHeaderOf(echo.transport)?.addresses]).toEqual([ipv4.source, ipv4])
    expect(echo.transport.tlsSession?.version).toBe('TLSv1.3')
  })

  test('warns of untrusted sources and of invalid headers, each once a minute', () => {
    const reactor = new MemoryReactor()
    const factory = new ProxyProtocolFactory(new Asked(), { trustedSources: [PEER.host] })
    const stranger = tcpAddress('192.0.2.99', 1)
    for (const peerAddress of [PEER, PEER, stranger, stranger]) {
      StringTransport.connect(factory.buildProtocol(peerAddress), { reactor, peerAddress }).receive('GET')
    }
    const warnings = reactor.logged.map(({ level, connection }) => [
      level,
      connection?.protocol,
      connection?.peer,
    ])
    expect(warnings).toEqual([
      ['warn', 'ProxyHeaderProtocol', tcpAddress('192.168.1.1', 54_321)],
      ['debug', 'ProxyHeaderProtocol', tcpAddress('192.168.1.1', 54_321)],
      ['warn', 'ProxyHeaderProtocol', tcpAddress('192.0.2.99', 1)],
      ['debug', 'ProxyHeaderProtocol', tcpAddress('192.0.2.99', 1)],
    ])
    expect(reactor.logged[0]?.error).toMatchObject({ violation: 'not-a-header' })
  })

  test('builds no protocol for a connection without a header', () => {
    const inner = new Asked()
    const transport = connect(inner)
    transport.receive('hello')
    expect([transport.connected, inner.asked]).toEqual([false, []])
  })

  test('accepts the versions and the length in its options', () => {
    const two = connect(new Asked(), { versions: [2] })
    two.receive('PROXY UNKNOWN\r\n')
    const small = connect(new Asked(), { maxHeaderBytes: 536 })
    small.receive(v2Bytes(0x21, 0x00, Buffer.concat([Buffer.from('e0020f', 'hex'), Buffer.alloc(0x20f)])))
    expect([two.connected, small.connected]).toEqual([false, false])
  })

  test('refuses invalid options, and states valid ones', () => {
    const inner = new Asked()
    expect(() => new ProxyProtocolFactory(inner, {} as never)).toThrow(/name your proxies/)
    expect(() => new ProxyProtocolFactory(inner, { trustedSources: 'any', headerTimeoutMs: 0 })).toThrow(
      RangeError,
    )
    expect(() => new ProxyProtocolFactory(inner, { trustedSources: 'any', maxHeaderBytes: 100 })).toThrow(
      RangeError,
    )
  })
})

describe('proxyHeaderOf', () => {
  test('returns the header of that connection and no other', () => {
    const [transport, other] = [new StringTransport(), new StringTransport()]
    const header = { version: 1, ...claim(undefined) } as const
    keepProxyHeader(transport, header)
    expect([proxyHeaderOf(transport), proxyHeaderOf(other)]).toEqual([header, undefined])
  })
})

class Opened {
  readonly reactor: MemoryReactor = new MemoryReactor()
  readonly next: Recorder = new Recorder()
  readonly refusals: ProxyProtocolError[] = []
  readonly transport: StringTransport

  constructor(peerAddress: Address = tcpAddress('10.1.2.3', 4000)) {
    const opening = new ProxyHeaderProtocol({
      sources: new TrustedSources(['10.0.0.0/8']),
      reader: new ProxyHeaderReader(),
      headerTimeoutMs: 5000,
      headerReceived: (transport, header, unread) => {
        this.next.events.push(`version ${header.version}`)
        transport.switchProtocol(this.next, unread)
      },
      refused: (_transport, why) => this.refusals.push(why),
    })
    this.transport = StringTransport.connect(opening, { reactor: this.reactor, peerAddress })
  }

  get cause(): unknown {
    const { reason } = this.transport.signal
    return reason instanceof ConnectionAborted ? reason.cause : undefined
  }
}

describe('ProxyHeaderProtocol', () => {
  test('hands over the bytes after the header, in every chunking', () => {
    for (const chunks of chunkings('PROXY UNKNOWN\r\nhello')) {
      const { transport, next } = new Opened()
      for (const chunk of chunks) transport.receive(chunk)
      expect([next.events.slice(0, 2), next.text]).toEqual([['version 1', 'made'], 'hello'])
    }
  })

  test('aborts when the whole header does not arrive in time, even if bytes arrive', () => {
    const { reactor, transport, next, refusals } = new Opened()
    for (let sent = 0; sent < 4; sent++) {
      transport.receive('PROX'.charAt(sent))
      reactor.advance(1200)
    }
    expect(transport.connected).toBe(true)
    reactor.advance(400)
    expect(transport.connected).toBe(false)
    expect(refusals.map(({ violation }) => violation)).toEqual(['header-timeout'])
    expect(refusals[0]?.message).toContain('5000 ms')
    transport.receive('Y UNKNOWN\r\n')
    expect(next.made).toBe(false)
  })

  test('clears the deadline once the header was received', () => {
    const { reactor, transport, refusals } = new Opened()
    transport.receive('PROXY UNKNOWN\r\n')
    reactor.advance(60_000)
    expect([transport.connected, refusals]).toEqual([true, []])
  })

  test('aborts a connection without a header, with the error as the cause', () => {
    const opened = new Opened()
    opened.transport.receive('GET')
    expect(opened.transport.connected).toBe(false)
    expect(opened.cause).toBe(opened.refusals[0])
    expect(opened.refusals[0]?.violation).toBe('not-a-header')
  })

  test.each([tcpAddress('192.0.2.1', 1), tcpAddress('2001:db8::1', 1), unixAddress('')])(
    'aborts at once when the source is not trusted: $type $host',
    (peer) => {
      const opened = new Opened(peer)
      expect(opened.transport.connected).toBe(false)
      expect(opened.refusals.map(({ violation }) => violation)).toEqual(['untrusted-source'])
      expect(opened.cause).toBe(opened.refusals[0])
    },
  )

  test.each(['', 'PROXY UNKN'])('calls neither callback when a peer closes after %j', (sent) => {
    const { reactor, transport, next, refusals } = new Opened()
    transport.receive(sent)
    transport.receiveEnd()
    expect(transport.signal.reason).toBeInstanceOf(ConnectionDone)
    reactor.advance(10_000)
    expect([next.made, refusals, reactor.logged]).toEqual([false, [], []])
  })

  test('closes at once when the reactor stops', async () => {
    const { reactor, transport } = new Opened()
    const running = reactor.run({ installSignalHandlers: false })
    await reactor.settle()
    const stopping = reactor.stop()
    await reactor.settle()
    transport.receiveEnd()
    await reactor.settle()
    await Promise.all([running, stopping])
    expect(transport.connected).toBe(false)
  })
})

describe('ThrottledWarning', () => {
  const of = (id: number): LogConnection => ({
    id,
    peer: tcpAddress('192.0.2.1', 5000),
    protocol: 'ProxyHeaderProtocol',
  })

  test('warns once a minute, and then states how many warnings were left out', () => {
    const [reactor, warning] = [new MemoryReactor(), new ThrottledWarning('Something is wrong')]
    const error = new Error('why')
    for (let times = 0; times < 3; times++) warning.warn(reactor, { connection: of(1), error })
    reactor.advance(59_999)
    warning.warn(reactor, { connection: of(1), error })
    reactor.advance(1)
    warning.warn(reactor, { connection: of(2), error })
    expect(reactor.logged.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'debug', 'warn'])
    expect(reactor.logged[0]).toMatchObject({
      level: 'warn',
      text: 'Something is wrong',
      connection: of(1),
      error,
    })
    expect(reactor.logged[4]).toMatchObject({
      text: 'Something is wrong ({more} more since the last warning)',
      fields: { more: 3 },
      connection: of(2),
    })
  })

  test('states no count when no warning was left out', () => {
    const [reactor, warning] = [new MemoryReactor(), new ThrottledWarning('Something is wrong')]
    warning.warn(reactor, {})
    reactor.advance(60_000)
    warning.warn(reactor, {})
    expect(reactor.logged.map(({ text }) => text)).toEqual(['Something is wrong', 'Something is wrong'])
  })
})
