import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { endpointTypesOf } from '../../src/endpoint/from-string.ts'
import {
  clientFromString,
  EndpointSyntaxError,
  registerEndpointType,
  serverFromString,
  TCPClientEndpoint,
  TCPServerEndpoint,
} from '../../src/endpoints.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { OneProtocol } from '../one-protocol.ts'

/** A reactor that only records its calls. */
class Asked extends MemoryReactor {
  readonly asked: unknown[] = []

  override listenTCP(
    ...[port, factory, options]: Parameters<MemoryReactor['listenTCP']>
  ): ReturnType<MemoryReactor['listenTCP']> {
    this.asked.push([port, options])
    return super.listenTCP(port, factory, options)
  }
}

describe('serverFromString', () => {
  test('passes on the options in the string, and nothing else', async () => {
    const reactor = new Asked()
    const factory = new OneProtocol(new Recorder())
    await serverFromString(reactor, 'tcp:0').listen(factory)
    await serverFromString(reactor, String.raw`tcp:port=0:interface=\:\:1:backlog=7`).listen(factory)
    expect(reactor.asked).toEqual([
      [0, {}],
      [0, { interface: '::1', backlog: 7 }],
    ])
  })

  test('listens on UNIX paths', async () => {
    const reactor = new MemoryReactor()
    const port = await serverFromString(reactor, 'unix:/run/app.sock:mode=660').listen(
      new OneProtocol(new Recorder()),
    )
    expect(port.getHost()).toEqual({ type: 'UNIX', path: '/run/app.sock' })
  })

  test.each(['ssl:443', 'tcp', 'tcp:', 'tcp:99999', 'tcp:80:timeout=3s', 'unix:', 'unix:/a:/b'])(
    'refuses %s',
    (text) => {
      expect(() => serverFromString(new MemoryReactor(), text)).toThrow(EndpointSyntaxError)
    },
  )
})

describe('clientFromString', () => {
  test.each(['tcp:127.0.0.1:80', 'tcp:host=127.0.0.1:port=80:timeout=5s', 'tcp:port=80:127.0.0.1'])(
    'connects to %s',
    async (text) => {
      const reactor = new MemoryReactor()
      const [server, client] = [new Recorder(), new Recorder()]
      await reactor.listenTCP(80, new OneProtocol(server))
      const connected = clientFromString(reactor, text).connect(new OneProtocol(client))
      reactor.pump()
      expect(await connected).toBe(client)
      expect(server.made).toBe(true)
    },
  )

  test('connects to UNIX paths, with the timeout in the string', async () => {
    const reactor = new MemoryReactor()
    const endpoint = clientFromString(reactor, 'unix:/run/app.sock:timeout=500ms')
    const failed = endpoint.connect(new OneProtocol(new Recorder()))
    expect(reactor.getDelayedCalls().map((call) => call.getTime())).toEqual([500])
    reactor.pump()
    await expect(failed).rejects.toMatchObject({
      name: 'ConnectionRefusedError',
      address: { path: '/run/app.sock' },
    })
  })

  test.each(['tcp:host', 'tcp:host:0', 'tcp:host:80:timeout=30', 'tcp:host:80:mode=1', 'unix:'])(
    'refuses %s',
    (text) => {
      expect(() => clientFromString(new MemoryReactor(), text)).toThrow(EndpointSyntaxError)
    },
  )
})

describe('registerEndpointType', () => {
  test('adds a type for one side of one reactor', () => {
    const [reactor, other] = [new MemoryReactor(), new MemoryReactor()]
    registerEndpointType(
      reactor,
      'client',
      'test',
      (args, theirs) => new TCPClientEndpoint(theirs, '127.0.0.1', args.port('port', 1, 'test:80')),
    )
    expect(clientFromString(reactor, 'test:80')).toBeInstanceOf(TCPClientEndpoint)
    expect(() => clientFromString(reactor, 'test:80:90')).toThrow('"90" is one argument too many')
    expect(() => serverFromString(reactor, 'test:80')).toThrow(EndpointSyntaxError)
    expect(() => clientFromString(other, 'test:80')).toThrow('ssl or tls')
  })

  test('replaces a known type, also behind a proxy', () => {
    const reactor = new MemoryReactor()
    const asked: string[] = []
    registerEndpointType(reactor, 'server', 'tcp', (args, theirs) => {
      asked.push(args.requiredText('where', 'tcp:here'))
      return new TCPServerEndpoint(theirs, 80)
    })
    serverFromString(reactor, 'tcp:here')
    serverFromString(reactor, 'haproxy:trusted=any:tcp:there')
    expect(asked).toEqual(['here', 'there'])
  })

  test('replaces haproxy too', () => {
    const reactor = new MemoryReactor()
    registerEndpointType(reactor, 'server', 'haproxy', (args, theirs) => {
      return new TCPServerEndpoint(theirs, args.port('port', 0, 'haproxy:80'))
    })
    expect(serverFromString(reactor, 'haproxy:80')).toBeInstanceOf(TCPServerEndpoint)
    expect(() => serverFromString(reactor, 'x:80')).toThrow(/stdio or haproxy$/)
    expect(() => serverFromString(new MemoryReactor(), 'haproxy:80')).toThrow('trusted')
  })

  test.each(['', 'a b', 'a:b', '1x'])('refuses %j, which is not a word', (type) => {
    const parse = (): never => {
      throw new Error('never called')
    }
    expect(() => registerEndpointType(new MemoryReactor(), 'client', type, parse)).toThrow(RangeError)
  })

  test.each([7, null, ['tcp']])('refuses %j, which is not a string', (type) => {
    const parse = (): never => {
      throw new Error('never called')
    }
    const register = (): void =>
      registerEndpointType(new MemoryReactor(), 'client', type as unknown as string, parse)
    expect(register).toThrow(TypeError)
  })

  test('does not change the types of other reactors', () => {
    const { client, server } = endpointTypesOf(new MemoryReactor())
    expect([...client.keys()]).toEqual(['tcp', 'unix', 'host', 'ssl', 'tls'])
    expect([...server.keys()]).toEqual(['tcp', 'tcp6', 'ssl', 'tls', 'unix', 'fd', 'systemd', 'stdio'])
  })
})
