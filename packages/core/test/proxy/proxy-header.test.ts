import { describe, expect, test } from 'vitest'
import { TCPClientEndpoint } from '../../src/endpoints.ts'
import { WrappingFactory } from '../../src/policies.ts'
import {
  proxyClaimFor,
  ProxyProtocolFactory,
  SendProxyHeader,
  writeProxyV1,
  writeProxyV2,
} from '../../src/proxy.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { claim, ipv4 } from './header-cases.ts'

class Greeter extends Recorder {
  override connectionMade(): void {
    this.transport.write('hello')
  }
}

describe('SendProxyHeader', () => {
  test('sends the header before the bytes that the protocol writes', async () => {
    const [reactor, served] = [new MemoryReactor(), new Recorder()]
    await reactor.listenTCP(80, new OneProtocol(served))
    const policies = [new SendProxyHeader(() => writeProxyV1(claim(ipv4)))]
    reactor.connectTCP('localhost', 80, new OneProtocol(new Greeter()), { policies })
    reactor.pump()
    expect(served.text).toBe('PROXY TCP4 192.0.2.7 198.51.100.1 4242 443\r\nhello')
  })

  test('works with an endpoint, and with a WrappingFactory', async () => {
    const [reactor, served, client] = [new MemoryReactor(), new Recorder(), new Greeter()]
    const behind = new ProxyProtocolFactory(new OneProtocol(served), { trustedSources: 'any' })
    await reactor.listenTCP(80, behind)
    const sendHeader = new SendProxyHeader(() => writeProxyV2(claim(ipv4)))
    const connected = new TCPClientEndpoint(reactor, 'localhost', 80).connect(
      new WrappingFactory(new OneProtocol(client), [sendHeader]),
    )
    reactor.pump()
    expect(await connected).toBe(client)
    expect([served.text, served.transport.getPeer()]).toEqual(['hello', ipv4.source])
  })

  test('makes a header for each connection, and aborts a connection for which that throws', async () => {
    const [reactor, clients] = [new MemoryReactor(), [new Recorder(), new Recorder()]]
    await reactor.listenTCP(80, new OneProtocol(new Recorder()))
    const asked: number[] = []
    const policies = [
      new SendProxyHeader((transport) => {
        asked.push(transport.id)
        if (asked.length === 2) throw new Error('no')
        return writeProxyV1(proxyClaimFor(transport))
      }),
    ]
    for (const client of clients) reactor.connectTCP('localhost', 80, new OneProtocol(client), { policies })
    reactor.pump()
    expect(new Set(asked).size).toBe(2)
    expect(clients.map(({ lost }) => lost)).toEqual([false, true])
    expect(clients[1]?.reason).toMatchObject({ name: 'ConnectionAborted', cause: { message: 'no' } })
  })
})

describe('proxyClaimFor', () => {
  test('has the two addresses of the connection to the client', () => {
    const transport = new StringTransport({ peerAddress: ipv4.source, hostAddress: ipv4.destination })
    expect(proxyClaimFor(transport)).toEqual(claim(ipv4))
    expect(proxyClaimFor(transport, { alpn: 'h2' })).toEqual(claim(ipv4, { alpn: 'h2' }))
  })
})
