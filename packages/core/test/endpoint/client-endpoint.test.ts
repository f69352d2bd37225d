import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { attemptFailure } from '../../src/endpoint/client-endpoint.ts'
import {
  type ClientEndpoint,
  ConnectingCancelledError,
  connectProtocol,
  InvalidAddressError,
  SSLClientEndpoint,
  TCPClientEndpoint,
  UNIXClientEndpoint,
} from '../../src/endpoints.ts'
import {
  ClientFactory,
  ConnectionAborted,
  ConnectionRefusedError,
  NoProtocol,
  tcpAddress,
} from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { TLSConfigurationError } from '../../src/tls.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'

describe.each<[string, (reactor: MemoryReactor) => Promise<ClientEndpoint>]>([
  [
    'TCPClientEndpoint',
    async (reactor) => {
      await reactor.listenTCP(80, new OneProtocol(new Recorder()))
      return new TCPClientEndpoint(reactor, '127.0.0.1', 80, { timeoutMs: 5000 })
    },
  ],
  [
    'UNIXClientEndpoint',
    async (reactor) => {
      await reactor.listenUNIX('/run/app', new OneProtocol(new Recorder()))
      return new UNIXClientEndpoint(reactor, '/run/app')
    },
  ],
])('%s', (_name, make) => {
  test('resolves with the protocol once its connectionMade has returned', async () => {
    const reactor = new MemoryReactor()
    const endpoint = await make(reactor)
    const client = new Recorder()
    const connected = endpoint.connect(new OneProtocol(client))
    expect(client.made).toBe(false)
    reactor.pump()
    expect(await connected).toBe(client)
  })

  test('cancels the attempt when its signal is aborted', async () => {
    const reactor = new MemoryReactor()
    const endpoint = await make(reactor)
    const [abort, client] = [new AbortController(), new Recorder()]
    const cancelled = endpoint.connect(new OneProtocol(client), { signal: abort.signal })
    abort.abort()
    await expect(cancelled).rejects.toBeInstanceOf(ConnectingCancelledError)
    const already = endpoint.connect(new OneProtocol(client), { signal: AbortSignal.abort() })
    await expect(already).rejects.toBeInstanceOf(ConnectingCancelledError)
    await reactor.settle()
    expect([client.made, reactor.connections.size, reactor.getDelayedCalls()]).toEqual([false, 0, []])
  })

  test('ignores its signal once it is connected', async () => {
    const reactor = new MemoryReactor()
    const endpoint = await make(reactor)
    const [abort, client] = [new AbortController(), new Recorder()]
    const connected = endpoint.connect(new OneProtocol(client), { signal: abort.signal })
    reactor.pump()
    await connected
    abort.abort()
    await reactor.settle()
    expect(client.transport.connected).toBe(true)
  })

  test('rejects when the factory refuses the connection', async () => {
    const reactor = new MemoryReactor()
    const endpoint = await make(reactor)
    class Refusing extends ClientFactory {
      override buildProtocol(): undefined {}
    }
    const refused = endpoint.connect(new Refusing())
    reactor.pump()
    await expect(refused).rejects.toBeInstanceOf(NoProtocol)
  })
})

describe('a client endpoint', () => {
  test('rejects with the address when no program listens', async () => {
    const reactor = new MemoryReactor()
    const refused = new TCPClientEndpoint(reactor, '192.0.2.1', 81).connect(new OneProtocol(new Recorder()))
    reactor.pump()
    await expect(refused).rejects.toBeInstanceOf(ConnectionRefusedError)
    await expect(refused).rejects.toMatchObject({ address: { host: '192.0.2.1', port: 81 } })
  })
})

describe('SSLClientEndpoint', () => {
  test('resolves with the protocol once the handshake is complete', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenSSL(443, new OneProtocol(new Recorder()), server)
    const client = new Recorder()
    const endpoint = new SSLClientEndpoint(reactor, 'localhost', 443, { trustRoots: [root] })
    const connecting = endpoint.connect(new OneProtocol(client))
    await settleUntil(reactor, () => client.made)
    expect(await connecting).toBe(client)
  })

  test('rejects, and does not throw, when its options cannot be used', async () => {
    const endpoint = new SSLClientEndpoint(new MemoryReactor(), 'localhost', 443, {
      certificate: { cert: 'none', key: 'none' },
    })
    await expect(endpoint.connect(new OneProtocol(new Recorder()))).rejects.toBeInstanceOf(
      TLSConfigurationError,
    )
  })
})

describe('connectProtocol', () => {
  test('connects the given protocol', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(80, new OneProtocol(new Recorder()))
    const client = new Recorder()
    const connecting = connectProtocol(new TCPClientEndpoint(reactor, '127.0.0.1', 80), client)
    reactor.pump()
    expect(await connecting).toBe(client)
  })

  test('rejects as its endpoint does, also when its signal is aborted', async () => {
    const endpoint = new TCPClientEndpoint(new MemoryReactor(), '127.0.0.1', 80)
    const signal = AbortSignal.abort()
    await expect(connectProtocol(endpoint, new Recorder(), { signal })).rejects.toBeInstanceOf(
      ConnectingCancelledError,
    )
    const reactor = new MemoryReactor()
    const refused = connectProtocol(new TCPClientEndpoint(reactor, '127.0.0.1', 80), new Recorder())
    reactor.pump()
    await expect(refused).rejects.toBeInstanceOf(ConnectionRefusedError)
  })
})

describe('attemptFailure', () => {
  const address = tcpAddress('192.0.2.1', 80)
  const withCode = (error: Error, code: string): Error => Object.assign(error, { code })

  test.each([
    ['the end of a connection', new ConnectionAborted(), 'NoProtocol'],
    ['a host that cannot be used', new InvalidAddressError('a b', 'it has a space'), 'ConnectError'],
    ['a path that is too long', withCode(new Error('too long'), 'ENAMETOOLONG'), 'ConnectError'],
    ['an invalid address', withCode(new TypeError('bad'), 'ERR_INVALID_IP_ADDRESS'), 'ConnectBindError'],
    [
      'an argument that Node refuses',
      withCode(new TypeError('bad'), 'ERR_INVALID_ARG_VALUE'),
      'ConnectError',
    ],
  ])('returns a ConnectError for %s', (_what, error, name) => {
    expect(attemptFailure(address, error)).toMatchObject({ name, address, cause: error })
  })

  test.each([
    new ConnectionRefusedError(address, 'no program listens there'),
    new TLSConfigurationError('the certificate', new Error('it is empty')),
    new TypeError('Cannot take factory undefined'),
    new RangeError('Cannot take port 70000'),
    'no error at all',
  ])('returns %s unchanged', (error) => {
    expect(attemptFailure(address, error)).toBe(error)
  })
})
