import { describe, expect, test } from 'vitest'
import { serverFromString, TCPServerEndpoint } from '../../src/endpoints.ts'
import {
  CannotListenError,
  type ListeningPort,
  type ProtocolEvents,
  type ProtocolFactory,
  type TCPAddress,
  type Transport,
  type UNIXAddress,
} from '../../src/index.ts'
import type { InheritedSocket, ReactorDescriptors, ReactorStandardIO } from '../../src/reactor.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { behindProxy } from '../../src/endpoint/server-types.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'

/** A reactor that records how it listens, with the methods of one over an operating system. */
class SystemLike extends MemoryReactor implements ReactorDescriptors, ReactorStandardIO {
  readonly asked: unknown[] = []
  inherited: readonly InheritedSocket[] = []

  override listenTCP(
    ...[port, factory, options]: Parameters<MemoryReactor['listenTCP']>
  ): Promise<ListeningPort<TCPAddress>> {
    this.asked.push([port, options])
    return super.listenTCP(port, factory, options)
  }

  override listenUNIX(
    ...[path, factory, options]: Parameters<MemoryReactor['listenUNIX']>
  ): Promise<ListeningPort<UNIXAddress>> {
    this.asked.push([path, options])
    return super.listenUNIX(path, factory, options)
  }

  inheritedSockets(): readonly InheritedSocket[] {
    return this.inherited
  }

  adoptStreamPort(fd: number, factory: ProtocolFactory): Promise<ListeningPort> {
    this.asked.push(fd)
    return super.listenTCP(fd, factory)
  }

  adoptStreamConnection(): never {
    throw new Error('not used here')
  }

  standardIO(protocol: ProtocolEvents): Transport {
    return StringTransport.connect(protocol)
  }
}

describe('server strings', () => {
  const listen = (reactor: SystemLike, text: string): Promise<ListeningPort> =>
    serverFromString(reactor, text).listen(new OneProtocol(new Echo()))

  test('support every option of their type', async () => {
    const reactor = new SystemLike()
    await listen(reactor, 'tcp6:80')
    await listen(reactor, String.raw`tcp6:81:interface=\:\:1`)
    await listen(reactor, 'unix:/run/app:mode=600:backlog=5:removeStale=yes')
    expect(reactor.asked).toEqual([
      [80, { interface: '::', ipv6Only: true }],
      [81, { interface: '::1', ipv6Only: true }],
      ['/run/app', { mode: 0o600, backlog: 5, removeStale: true }],
    ])
  })

  test.each(['ssl', 'tls'])('%s: reads its files when it listens, and again with reload', async (type) => {
    const reactor = new SystemLike()
    const endpoint = serverFromString(reactor, `${type}:443:certKey=c.pem:privateKey=k.pem:reload=1m`)
    await expect(endpoint.listen(new OneProtocol(new Echo()))).rejects.toMatchObject({
      name: 'CannotListenError',
      message: expect.stringContaining('c.pem'),
    })
    reactor.files.set('c.pem', String(server.cert)).set('k.pem', String(server.key))
    await endpoint.listen(new OneProtocol(new Echo()))
    const client = new Recorder()
    reactor.connectSSL('localhost', 443, new OneProtocol(client), { trustRoots: [root] })
    await settleUntil(reactor, () => client.made)
    expect(reactor.getDelayedCalls().some((call) => call.getTime() >= 60_000)).toBe(true)
  })

  test('fd: adopts a descriptor, once', async () => {
    const reactor = new SystemLike()
    const endpoint = serverFromString(reactor, 'fd:3')
    await endpoint.listen(new OneProtocol(new Echo()))
    expect(reactor.asked).toEqual([3])
    await expect(endpoint.listen(new OneProtocol(new Echo()))).rejects.toBeInstanceOf(CannotListenError)
  })

  test('systemd: adopts an inherited socket, by name or index', async () => {
    const reactor = new SystemLike()
    reactor.inherited = [
      { fd: 3, name: 'http' },
      { fd: 4, name: 'metrics' },
    ]
    await listen(reactor, 'systemd:name=metrics')
    await listen(reactor, 'systemd:domain=INET:index=0')
    expect(reactor.asked).toEqual([4, 3])
    await expect(listen(reactor, 'systemd:index=2')).rejects.toThrow(
      'has passed 2 sockets, and none with the index 2',
    )
    await expect(listen(reactor, 'systemd:name=web')).rejects.toThrow('none with the name web')
    for (const wrong of ['systemd:', 'systemd:name=a:index=0', 'systemd:domain=IPX:index=0', 'systemd:0'])
      expect(() => serverFromString(reactor, wrong)).toThrow('Cannot understand endpoint')
  })

  test('stdio: connects a protocol at once', async () => {
    const port = await listen(new SystemLike(), 'stdio:')
    expect(port.connections.size).toBe(1)
  })

  test('haproxy: trusts the given sources, for any type of endpoint', async () => {
    const reactor = new SystemLike()
    const trusted = new Recorder()
    await serverFromString(reactor, 'haproxy:trusted=127.0.0.0/8,unix:tcp:80').listen(
      new OneProtocol(trusted),
    )
    const proxy = new Recorder()
    reactor.connectTCP('127.0.0.1', 80, new OneProtocol(proxy))
    reactor.pump()
    proxy.transport.write('PROXY TCP4 192.0.2.7 192.0.2.1 4242 80\r\nhello')
    reactor.pump()
    expect([trusted.text, trusted.transport.getPeer()]).toMatchObject(['hello', { host: '192.0.2.7' }])
  })
})

test('behindProxy refuses an invalid source before it listens', () => {
  const inner = new TCPServerEndpoint(new MemoryReactor(), 80)
  expect(() => behindProxy(inner, ['unknown'])).toThrow(TypeError)
})
