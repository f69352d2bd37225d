import { describe, expect, test } from 'vitest'
import { TCPClientEndpoint } from '../../src/endpoint/client-endpoint.ts'
import { EndpointSyntaxError } from '../../src/endpoint/endpoint-description.ts'
import { endpointTypesOf, registerEndpointType } from '../../src/endpoint/endpoint-types.ts'
import { clientFromString, serverFromString } from '../../src/endpoint/from-string.ts'
import { TCPServerEndpoint } from '../../src/endpoint/server-endpoint.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'

describe('registerEndpointType', () => {
  test('teaches one reactor a type for one side, with the arguments it takes', () => {
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

  test('gives a type that is known another meaning, also behind a proxy', () => {
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

  test('gives haproxy another meaning too, though it holds the string of another', () => {
    const reactor = new MemoryReactor()
    registerEndpointType(reactor, 'server', 'haproxy', (args, theirs) => {
      return new TCPServerEndpoint(theirs, args.port('port', 0, 'haproxy:80'))
    })
    expect(serverFromString(reactor, 'haproxy:80')).toBeInstanceOf(TCPServerEndpoint)
    expect(() => serverFromString(reactor, 'x:80')).toThrow(/stdio or haproxy$/)
    expect(() => serverFromString(new MemoryReactor(), 'haproxy:80')).toThrow('trusted')
  })

  test.each(['', 'a b', 'a:b', '1x'])('refuses %j, which is no word', (type) => {
    const parse = (): never => {
      throw new Error('never called')
    }
    expect(() => registerEndpointType(new MemoryReactor(), 'client', type, parse)).toThrow(RangeError)
  })

  test('leaves every reactor the types that all know', () => {
    const { client, server } = endpointTypesOf(new MemoryReactor())
    expect([...client.keys()]).toEqual(['tcp', 'unix', 'host', 'ssl', 'tls'])
    expect([...server.keys()]).toEqual(['tcp', 'tcp6', 'ssl', 'tls', 'unix', 'fd', 'systemd', 'stdio'])
  })
})
