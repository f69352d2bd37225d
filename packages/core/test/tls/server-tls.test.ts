import { describe, expect, test } from 'vitest'
import type { ClientTLSOptions, ServerTLSOptions, TLSContext } from '../../src/interfaces/tls.ts'
import { ConnectionLost, TLSConfigurationError, TLSHandshakeError } from '../../src/errors.ts'
import { ALPNFactory } from '../../src/protocol/factory.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { ClientTLS } from '../../src/tls/client-tls.ts'
import { ServerTLS } from '../../src/tls/server-tls.ts'
import { OneProtocol } from '../one-protocol.ts'
import { client, other, root, server, imposter } from './certificates.ts'
import { settleUntil } from './tls-memory-harness.ts'

/** Connects a client to a server in memory; answers both ends' protocols, or why it failed. */
async function connect(
  serverTLS: TLSContext | ServerTLSOptions,
  clientTLS: ClientTLSOptions = {},
): Promise<{ reactor: MemoryReactor; serverSide: Recorder; clientSide: Recorder; failed: unknown }> {
  const reactor = new MemoryReactor()
  const [serverSide, clientSide] = [new Echo(), new Recorder()]
  await reactor.listenSSL(443, new OneProtocol(serverSide), serverTLS)
  const connector = reactor.connectSSL('localhost', 443, new OneProtocol(clientSide), {
    trustRoots: [root],
    ...clientTLS,
  })
  let failed: unknown
  connector.whenConnected().catch((error: unknown) => (failed = error))
  await settleUntil(reactor, () => failed !== undefined || (clientSide.made && serverSide.made))
  return { reactor, serverSide, clientSide, failed }
}

describe('ServerTLS', () => {
  test('tells what the handshake settled, and carries data', async () => {
    const { reactor, serverSide, clientSide } = await connect(server)
    clientSide.transport.write('hello')
    await settleUntil(reactor, () => clientSide.text === 'hello')
    expect(clientSide.transport.tlsSession).toMatchObject({ version: 'TLSv1.3', serverName: 'localhost' })
    expect(clientSide.transport.getPeerCertificate()?.subject).toEqual({ CN: 'localhost' })
    expect(serverSide.transport.tlsSession?.serverName).toBe('localhost')
    expect(serverSide.transport.getPeerCertificate()).toBeUndefined()
  })

  test('shows the certificate for the name asked for, exact or by wildcard', async () => {
    const serverNames = {
      'other.test': other,
      '*.wild.test': other,
      'bücher.test': other,
      '*.bücher.test': other,
    }
    const subjectFor = async (serverName: string): Promise<unknown> => {
      const { clientSide } = await connect({ ...server, serverNames }, { serverName })
      return clientSide.transport.getPeerCertificate()?.subject['CN']
    }
    expect(await subjectFor('other.test')).toBe('other.test')
    expect(await subjectFor('OTHER.test')).toBe('other.test')
    expect(await subjectFor('other.test.')).toBe('other.test')
    expect(await subjectFor('a.wild.test')).toBe('other.test')
    expect(await subjectFor('server.test')).toBe('localhost')
  })

  test.each(['bücher.test', 'xn--bcher-kva.test', 'BÜCHER.test', 'a.bücher.test'])(
    'knows an international name, given and asked for as it is written: %s',
    async (serverName) => {
      const serverNames = { 'bücher.test': other, '*.Bücher.test': other }
      const { clientSide } = await connect(
        { ...server, serverNames },
        // No certificate here is for that name.
        { serverName, insecurelySkipVerification: true },
      )
      expect(clientSide.transport.getPeerCertificate()?.subject['CN']).toBe('other.test')
    },
  )

  test.each([
    ['made of options', server],
    ['ready beforehand', new ServerTLS(server)],
  ])(
    'settles the best application protocol of the factory, and builds by it, when %s',
    async (_what, tls) => {
      const reactor = new MemoryReactor()
      const [modern, old] = [new Recorder(), new Recorder()]
      const factory = new ALPNFactory({ modern: new OneProtocol(modern), old: new OneProtocol(old) })
      await reactor.listenSSL(443, factory, tls)
      const clientSide = new Recorder()
      const offering = new ALPNFactory({
        old: new OneProtocol(clientSide),
        modern: new OneProtocol(clientSide),
      })
      const context = new ClientTLS({ serverName: 'localhost', trustRoots: [root] })
      reactor.connectSSL('localhost', 443, offering, context)
      await settleUntil(reactor, () => modern.made && clientSide.made)
      expect(modern.transport.negotiatedProtocol).toBe('modern')
      expect(clientSide.transport.negotiatedProtocol).toBe('modern')
    },
  )

  test('refuses a client that speaks none of its application protocols', async () => {
    const { failed, serverSide } = await connect(
      { ...server, acceptableProtocols: ['ours'] },
      { acceptableProtocols: ['theirs'] },
    )
    expect(failed).toBeInstanceOf(TLSHandshakeError)
    expect(serverSide.made).toBe(false)
  })

  describe('asking for client certificates', () => {
    const clientCertificates = { trustRoots: [root] }

    test('shows a verified one to the protocol', async () => {
      const { serverSide } = await connect({ ...server, clientCertificates }, { certificate: client })
      expect(serverSide.transport.getPeerCertificate()?.subject).toEqual({ CN: 'client.test' })
    })

    test.each([
      ['shows none', {}],
      ['shows one that nobody trusted has signed', { certificate: imposter }],
    ])('builds no protocol for a client that %s (statement 97 changed)', async (_what, clientTLS) => {
      const reactor = new MemoryReactor()
      const [serverSide, clientSide] = [new Recorder(), new Recorder()]
      await reactor.listenSSL(443, new OneProtocol(serverSide), { ...server, clientCertificates })
      let failed = false
      // With TLS 1.3 a client is done before the server has seen its certificate.
      reactor
        .connectSSL('localhost', 443, new OneProtocol(clientSide), { trustRoots: [root], ...clientTLS })
        .whenConnected()
        .catch(() => (failed = true))
      await settleUntil(reactor, () => failed || clientSide.lost)
      expect(serverSide.made).toBe(false)
      expect([...reactor.connections]).toEqual([])
    })

    test('lets a client without one in where it is not required, but not one with a bad one', async () => {
      const optional = { ...server, clientCertificates: { trustRoots: [root], required: false } }
      const { serverSide } = await connect(optional)
      expect(serverSide.transport.getPeerCertificate()).toBeUndefined()
    })
  })

  test('replaces its certificate for new connections; those that are up stay', async () => {
    const tls = new ServerTLS(server)
    const before = await connect(tls)
    tls.replace(other)
    const after = await connect(tls, { serverName: 'other.test' })
    expect(after.clientSide.transport.getPeerCertificate()?.subject).toEqual({ CN: 'other.test' })
    before.clientSide.transport.write('still here')
    await settleUntil(before.reactor, () => before.clientSide.text === 'still here')
  })

  test('keeps what it has when a replacement cannot be used', async () => {
    const tls = new ServerTLS(server)
    expect(() => tls.replace({ cert: other.cert })).toThrow(TLSConfigurationError)
    const { clientSide } = await connect(tls)
    expect(clientSide.transport.getPeerCertificate()?.subject).toEqual({ CN: 'localhost' })
  })

  test.each([
    ['no PEM', { cert: 'nonsense', key: server.key }, /^Cannot use the certificate: /],
    ['a key of another certificate', { cert: server.cert, key: other.key }, /key values mismatch/],
    [
      'a wrong name',
      { ...server, serverNames: { 'a.test': { cert: '', key: '' } } },
      /the certificate for a\.test/,
    ],
  ])('says at once what is wrong with %s', (_what, options, message) => {
    expect(() => new ServerTLS(options)).toThrow(message)
  })

  test('ends a connection whose peer speaks no TLS, and tells no protocol (statement 99)', async () => {
    const reactor = new MemoryReactor()
    const [serverSide, clientSide] = [new Recorder(), new Recorder()]
    await reactor.listenSSL(443, new OneProtocol(serverSide), server)
    reactor.connectTCP('localhost', 443, new OneProtocol(clientSide))
    await settleUntil(reactor, () => clientSide.made)
    clientSide.transport.write('GET / HTTP/1.1\r\n\r\n')
    await settleUntil(reactor, () => clientSide.lost)
    expect(serverSide.made).toBe(false)
    expect(reactor.logged).toMatchObject([{ level: 'debug', text: 'A TLS handshake failed' }])
    expect([...reactor.connections]).toEqual([])
  })

  test('gives a peer that says nothing until the handshake deadline', async () => {
    const reactor = new MemoryReactor()
    const [serverSide, clientSide] = [new Recorder(), new Recorder()]
    await reactor.listenSSL(443, new OneProtocol(serverSide), { ...server, handshakeTimeoutMs: 3000 })
    reactor.connectTCP('localhost', 443, new OneProtocol(clientSide))
    await settleUntil(reactor, () => clientSide.made)
    reactor.advance(2999)
    expect(clientSide.lost).toBe(false)
    reactor.advance(1)
    await settleUntil(reactor, () => clientSide.lost)
    expect(clientSide.reason).toBeInstanceOf(ConnectionLost)
    expect(reactor.getDelayedCalls()).toEqual([])
  })
})
