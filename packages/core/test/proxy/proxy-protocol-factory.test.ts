import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import type { TLSSession } from '../../src/interfaces/tls.ts'
import { ConnectionDone } from '../../src/errors.ts'
import { IdleTimeout } from '../../src/policy/idle-timeout.ts'
import { WrappingFactory } from '../../src/policy/wrapping-factory.ts'
import { ALPNFactory, Factory } from '../../src/protocol/factory.ts'
import { ProxyProtocolFactory, type ProxyProtocolOptions } from '../../src/proxy/proxy-protocol-factory.ts'
import { writeProxyV2 } from '../../src/proxy/proxy-v2.ts'
import { proxyHeaderOf } from '../../src/proxy/received-header.ts'
import { SendProxyHeader } from '../../src/proxy/send-proxy-header.ts'
import { Echo, Recorder } from '../../src/testing/checks/recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { TLSFactory } from '../../src/tls/tls-factory.ts'
import { ServerTLS } from '../../src/tls/server-tls.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'
import { claim, ipv4, v2Bytes } from './header-cases.ts'

const PEER = tcpAddress('192.168.1.1', 54_321)

class Asked extends Factory<Recorder> {
  readonly asked: unknown[][] = []
  answer: Recorder | undefined = new Recorder()

  override buildProtocol(...asked: unknown[]): Recorder | undefined {
    this.asked.push(asked)
    return this.answer
  }
}

function connect(inner: Factory<Recorder>, options: Partial<ProxyProtocolOptions> = {}): StringTransport {
  const factory = new ProxyProtocolFactory(inner, { trustedSources: [PEER.host], ...options })
  return StringTransport.connect(factory.buildProtocol(PEER), { peerAddress: PEER })
}

describe('ProxyProtocolFactory', () => {
  test('builds for the client, who is the peer from then on', () => {
    const [inner, header] = [new Asked(), writeProxyV2(claim(ipv4, { alpn: 'h2' }))]
    const transport = connect(inner)
    expect([transport.getPeer(), inner.asked]).toEqual([PEER, []])
    transport.receive(Buffer.concat([header, Buffer.from('hello')]))
    expect(inner.asked).toEqual([[ipv4.source, undefined]])
    expect(inner.answer?.events).toEqual(['made', 'data hello'])
    expect([transport.getPeer(), transport.getHost()]).toEqual([ipv4.source, ipv4.destination])
    expect(transport.label).toContain('192.0.2.7:4242')
    expect(proxyHeaderOf(transport)).toEqual({ version: 2, ...claim(ipv4, { alpn: 'h2' }) })
  })

  test.each([
    ['LOCAL', v2Bytes(0x20, 0x11, 'c0000207 c6336401 1092 01bb')],
    ['UNKNOWN', 'PROXY UNKNOWN 192.0.2.7 198.51.100.1 4242 443\r\n'],
    ['AF_UNSPEC', v2Bytes(0x21, 0x00)],
  ])('keeps the real addresses with %s, and logs nothing', (_name, bytes) => {
    const inner = new Asked()
    const transport = connect(inner)
    const host = transport.getHost()
    transport.receive(bytes)
    expect(inner.asked).toEqual([[PEER, undefined]])
    expect([transport.getPeer(), transport.getHost(), transport.reactor.logged]).toEqual([PEER, host, []])
  })

  test('closes what its factory refuses', () => {
    const inner = new Asked()
    inner.answer = undefined
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

  test('passes on what its factory is asked and told', () => {
    const policy = new IdleTimeout(1000)
    const inner = new ALPNFactory({ echo: new OneProtocol(new Recorder()) })
    const factory = new ProxyProtocolFactory(new WrappingFactory(inner, [policy]), { trustedSources: 'any' })
    expect([factory.policies, factory.acceptableProtocols]).toEqual([[policy], ['echo']])
    void factory.doStart()
    expect(inner.numPorts).toBe(1)
    void factory.doStop()
    expect(inner.numPorts).toBe(0)
  })

  test('passes on the session where the header comes inside TLS', () => {
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

  test('warns of strangers and of garbage, each once a minute', () => {
    const reactor = new MemoryReactor()
    const factory = new ProxyProtocolFactory(new Asked(), { trustedSources: [PEER.host] })
    const stranger = tcpAddress('192.0.2.99', 1)
    for (const peerAddress of [PEER, PEER, stranger, stranger]) {
      StringTransport.connect(factory.buildProtocol(peerAddress), { reactor, peerAddress }).receive('GET')
    }
    const told = reactor.logged.map(({ level, connection }) => [
      level,
      connection?.protocol,
      connection?.peer,
    ])
    expect(told).toEqual([
      ['warn', 'ProxyHeaderProtocol', tcpAddress('192.168.1.1', 54_321)],
      ['debug', 'ProxyHeaderProtocol', tcpAddress('192.168.1.1', 54_321)],
      ['warn', 'ProxyHeaderProtocol', tcpAddress('192.0.2.99', 1)],
      ['debug', 'ProxyHeaderProtocol', tcpAddress('192.0.2.99', 1)],
    ])
    expect(reactor.logged[0]?.error).toMatchObject({ violation: 'not-a-header' })
  })

  test('never guesses: who sends no header gets no protocol', () => {
    const inner = new Asked()
    const transport = connect(inner)
    transport.receive('hello')
    expect([transport.connected, inner.asked]).toEqual([false, []])
  })

  test('takes the versions and the length it is told', () => {
    const two = connect(new Asked(), { versions: [2] })
    two.receive('PROXY UNKNOWN\r\n')
    const small = connect(new Asked(), { maxHeaderBytes: 536 })
    small.receive(v2Bytes(0x21, 0x00, Buffer.concat([Buffer.from('e0020f', 'hex'), Buffer.alloc(0x20f)])))
    expect([two.connected, small.connected]).toEqual([false, false])
  })

  test('refuses options that make no sense, and says what to do', () => {
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
