import { describe, expect, test } from 'vitest'
import { ConnectingCancelledError, UNIXClientEndpoint, wrapClientTLS } from '../../src/endpoints.ts'
import { ConnectionRefusedError } from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { ClientTLS, ServerTLS, TLSFactory, TLSHandshakeError } from '../../src/tls.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'

describe('wrapClientTLS', () => {
  const listening = async (): Promise<MemoryReactor> => {
    const reactor = new MemoryReactor()
    const tls = new TLSFactory(new OneProtocol(new Echo()), new ServerTLS(server))
    await reactor.listenUNIX('/run/app', tls)
    return reactor
  }
  const outcome = async <T>(reactor: MemoryReactor, promise: Promise<T>): Promise<unknown> => {
    let result: unknown
    promise.then(
      (value) => (result = value),
      (error: unknown) => (result = error),
    )
    await settleUntil(reactor, () => result !== undefined)
    return result
  }

  test('connects over any endpoint, and resolves with the protocol after the handshake', async () => {
    const reactor = await listening()
    const endpoint = wrapClientTLS(
      new ClientTLS({ serverName: 'server.test', trustRoots: [root] }),
      new UNIXClientEndpoint(reactor, '/run/app'),
    )
    const client = new Recorder()
    expect(await outcome(reactor, endpoint.connect(new OneProtocol(client)))).toBe(client)
    client.transport.write('hello')
    await settleUntil(reactor, () => client.text === 'hello')
  })

  test('rejects with TLSHandshakeError when the server cannot be verified', async () => {
    const reactor = await listening()
    const endpoint = wrapClientTLS(
      new ClientTLS({ serverName: 'example.org', trustRoots: [root] }),
      new UNIXClientEndpoint(reactor, '/run/app'),
    )
    expect(await outcome(reactor, endpoint.connect(new OneProtocol(new Recorder())))).toBeInstanceOf(
      TLSHandshakeError,
    )
  })

  test('rejects as the endpoint does, and cancels at its signal', async () => {
    const reactor = await listening()
    const tls = new ClientTLS({ serverName: 'server.test', trustRoots: [root] })
    const nowhere = wrapClientTLS(tls, new UNIXClientEndpoint(reactor, '/run/other'))
    expect(await outcome(reactor, nowhere.connect(new OneProtocol(new Recorder())))).toBeInstanceOf(
      ConnectionRefusedError,
    )
    const silent = new Recorder()
    await reactor.listenUNIX('/run/silent', new OneProtocol(silent))
    const controller = new AbortController()
    const connecting = wrapClientTLS(tls, new UNIXClientEndpoint(reactor, '/run/silent')).connect(
      new OneProtocol(new Recorder()),
      { signal: controller.signal },
    )
    const result = outcome(reactor, connecting)
    await settleUntil(reactor, () => silent.made)
    controller.abort(new Error('too late'))
    expect(await result).toBeInstanceOf(ConnectingCancelledError)
    await settleUntil(reactor, () => silent.lost)
  })
})
