import { describe, expect, test } from 'vitest'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { ConnectionLost, TLSConfigurationError, TLSHandshakeError } from '../../src/errors.ts'
import type { ClientTLSOptions, ServerTLSOptions, TLSContext } from '../../src/interfaces/tls.ts'
import { ALPNFactory, Factory } from '../../src/protocol/factory.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { ClientTLS } from '../../src/tls/client-tls.ts'
import { ServerTLS, serverTLSFromFiles, TLSFactory } from '../../src/tls/server-tls.ts'
import { OneProtocol } from '../one-protocol.ts'
import { client, imposter, other, root, server } from './certificates.ts'
import { settleUntil } from './tls-memory-harness.ts'

/** Connects a client to a server in memory; returns the protocols of both ends, or the error. */
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
  test('reports the TLS session, and carries data', async () => {
    const { reactor, serverSide, clientSide } = await connect(server)
    clientSide.transport.write('hello')
    await settleUntil(reactor, () => clientSide.text === 'hello')
    expect(clientSide.transport.tlsSession).toMatchObject({ version: 'TLSv1.3', serverName: 'localhost' })
    expect(clientSide.transport.getPeerCertificate()?.subject).toEqual({ CN: 'localhost' })
    expect(serverSide.transport.tlsSession?.serverName).toBe('localhost')
    expect(serverSide.transport.getPeerCertificate()).toBeUndefined()
  })

  test('presents the certificate for the requested name, exact or by wildcard', async () => {
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
    'finds a certificate by an international name: %s',
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
    ['an instance', new ServerTLS(server)],
  ])(
    'negotiates the best application protocol of the factory, and builds for it, when %s',
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

  test('refuses a client without a common application protocol', async () => {
    const { failed, serverSide } = await connect(
      { ...server, acceptableProtocols: ['ours'] },
      { acceptableProtocols: ['theirs'] },
    )
    expect(failed).toBeInstanceOf(TLSHandshakeError)
    expect(serverSide.made).toBe(false)
  })

  describe('with client certificates', () => {
    const clientCertificates = { trustRoots: [root] }

    test('passes a verified certificate to the protocol', async () => {
      const { serverSide } = await connect({ ...server, clientCertificates }, { certificate: client })
      expect(serverSide.transport.getPeerCertificate()?.subject).toEqual({ CN: 'client.test' })
    })

    test.each([
      ['has no certificate', {}],
      ['has a certificate of an untrusted authority', { certificate: imposter }],
    ])('builds no protocol for a client that %s', async (_what, clientTLS) => {
      const reactor = new MemoryReactor()
      const [serverSide, clientSide] = [new Recorder(), new Recorder()]
      await reactor.listenSSL(443, new OneProtocol(serverSide), { ...server, clientCertificates })
      let failed = false
      // With TLS 1.3 the handshake is complete for a client before the server has seen its certificate.
      reactor
        .connectSSL('localhost', 443, new OneProtocol(clientSide), { trustRoots: [root], ...clientTLS })
        .whenConnected()
        .catch(() => (failed = true))
      await settleUntil(reactor, () => failed || clientSide.lost)
      expect(serverSide.made).toBe(false)
      expect([...reactor.connections]).toEqual([])
    })

    test('accepts a client without a certificate where none is required, but not one with a bad certificate', async () => {
      const optional = { ...server, clientCertificates: { trustRoots: [root], required: false } }
      const { serverSide } = await connect(optional)
      expect(serverSide.transport.getPeerCertificate()).toBeUndefined()
    })
  })

  test('replaces its certificate for new connections, and keeps the open ones', async () => {
    const tls = new ServerTLS(server)
    const before = await connect(tls)
    tls.replace(other)
    const after = await connect(tls, { serverName: 'other.test' })
    expect(after.clientSide.transport.getPeerCertificate()?.subject).toEqual({ CN: 'other.test' })
    before.clientSide.transport.write('still here')
    await settleUntil(before.reactor, () => before.clientSide.text === 'still here')
  })

  test('keeps its certificate when a replacement cannot be used', async () => {
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
  ])('throws at once for %s', (_what, options, message) => {
    expect(() => new ServerTLS(options)).toThrow(message)
  })

  test('ends a connection when the peer does not use TLS, and builds no protocol', async () => {
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

  test('waits until the handshake deadline for a silent peer', async () => {
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

const FILES = { certFile: '/etc/cert.pem', keyFile: '/etc/key.pem' }

/** A reactor with the files of a certificate. */
function make(): MemoryReactor {
  const reactor = new MemoryReactor()
  put(reactor, server)
  return reactor
}

function put(reactor: MemoryReactor, { cert, key }: typeof server): void {
  reactor.files.set(FILES.certFile, cert)
  reactor.files.set(FILES.keyFile, key)
}

/** The name in the certificate that a new connection gets. */
async function shown(reactor: MemoryReactor, tls: TLSContext): Promise<unknown> {
  const clientSide = new Recorder()
  const port = await reactor.listenSSL(0, new OneProtocol(new Recorder()), tls)
  const address = port.getHost()
  const skip = { trustRoots: [root], insecurelySkipVerification: true } as const
  reactor.connectSSL(
    'localhost',
    address.type === 'TCP' ? address.port : 0,
    new OneProtocol(clientSide),
    skip,
  )
  await settleUntil(reactor, () => clientSide.made)
  await port.stopListening()
  return clientSide.transport.getPeerCertificate()?.subject['CN']
}

describe('serverTLSFromFiles', () => {
  test('presents the certificate of the files, and a new one after the next reload', async () => {
    const reactor = make()
    const tls = await serverTLSFromFiles(reactor, { ...FILES, reloadEveryMs: 1000 })
    expect(await shown(reactor, tls)).toBe('localhost')
    put(reactor, other)
    reactor.advance(1000)
    await reactor.settle()
    expect(await shown(reactor, tls)).toBe('other.test')
  })

  test.each([
    ['half written', { cert: other.cert, key: server.key }],
    ['no certificate', { cert: 'nonsense', key: 'nonsense' }],
  ])('keeps the old certificate and logs an error while the new one is %s', async (_what, broken) => {
    const reactor = make()
    const tls = await serverTLSFromFiles(reactor, { ...FILES, reloadEveryMs: 1000 })
    put(reactor, broken)
    reactor.advance(1000)
    await reactor.settle()
    expect(reactor.logged).toMatchObject([{ level: 'error', label: FILES.certFile }])
    expect(await shown(reactor, tls)).toBe('localhost')
    put(reactor, other)
    reactor.advance(1000)
    await reactor.settle()
    expect(await shown(reactor, tls)).toBe('other.test')
  })

  test('keeps the old certificate while a file is missing', async () => {
    const reactor = make()
    const tls = await serverTLSFromFiles(reactor, { ...FILES, reloadEveryMs: 1000 })
    reactor.files.clear()
    reactor.advance(1000)
    await reactor.settle()
    expect(reactor.logged).toMatchObject([{ error: { code: 'ENOENT' } }])
    expect(await shown(reactor, tls)).toBe('localhost')
  })

  test('rejects with the error of the first reading, and reads again only with reloadEveryMs', async () => {
    const reactor = new MemoryReactor()
    await expect(serverTLSFromFiles(reactor, FILES)).rejects.toMatchObject({ code: 'ENOENT' })
    put(reactor, server)
    await serverTLSFromFiles(reactor, FILES)
    expect(reactor.getDelayedCalls()).toEqual([])
    await expect(serverTLSFromFiles(reactor, { ...FILES, reloadEveryMs: 0 })).rejects.toThrow(
      'Cannot take reloadEveryMs 0 for serverTLSFromFiles',
    )
  })

  test.each(['its signal', 'the end of the reactor'])('stops reloading after %s', async (what) => {
    const reactor = make()
    const abort = new AbortController()
    await serverTLSFromFiles(reactor, { ...FILES, reloadEveryMs: 1000, signal: abort.signal })
    const run = reactor.run()
    await reactor.settle()
    reactor.advance(1000)
    if (what === 'its signal') abort.abort()
    else await reactor.stop()
    await reactor.settle()
    expect(reactor.getDelayedCalls()).toEqual([])
    if (reactor.running) await reactor.stop()
    await run
  })
})

class Refusing extends Factory {
  override buildProtocol(): undefined {
    return undefined
  }
}

class Failing extends Factory {
  override buildProtocol(): never {
    throw new Error('no protocol today')
  }
}

describe('TLSFactory', () => {
  test('starts and stops the factory it wraps', () => {
    const inner = new OneProtocol(new Recorder())
    const factory = new TLSFactory(inner, new ServerTLS(server))
    void factory.doStart()
    expect(inner.numPorts).toBe(1)
    void factory.doStop()
    expect(inner.numPorts).toBe(0)
    expect(factory.wrappedFactory).toBe(inner)
  })

  test('builds no protocol for a handshake that ends while the reactor stops, and logs no error', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const reactor = new MemoryReactor()
      void reactor.run({ installSignalHandlers: false })
      await reactor.settle()
      const served = new Recorder()
      await reactor.listenTCP(443, new TLSFactory(new OneProtocol(served), server))
      const clientSide = new Recorder()
      const connector = reactor.connectSSL('localhost', 443, new OneProtocol(clientSide), {
        trustRoots: [root],
      })
      connector.whenConnected().catch(() => undefined)
      for (let turn = 0; turn < turns; turn++) {
        reactor.pump()
        await new Promise((resolve) => setImmediate(resolve))
      }
      let over = false
      void reactor.stop({ drainMs: 1000 }).then(() => (over = true))
      await settleUntil(reactor, () => over)
      expect(reactor.logged.filter(({ level }) => level === 'error')).toEqual([])
    }
  })

  test('offers the application protocols of the factory it wraps', async () => {
    const reactor = new MemoryReactor()
    const chosen = new OneProtocol(new Recorder())
    await reactor.listenTCP(443, new TLSFactory(new ALPNFactory({ chosen }), server))
    const clientSide = new Recorder()
    const tls = { trustRoots: [root], acceptableProtocols: ['other', 'chosen'] }
    reactor.connectSSL('localhost', 443, new OneProtocol(clientSide), tls)
    await settleUntil(reactor, () => clientSide.made)
    expect(clientSide.transport.negotiatedProtocol).toBe('chosen')
  })

  test.each([
    ['refuses', new Refusing()],
    ['throws', new Failing()],
  ])('closes the connection when the factory %s', async (_what, inner) => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(443, new TLSFactory(inner, new ServerTLS(server)))
    const clientSide = new Recorder()
    reactor.connectSSL('localhost', 443, new OneProtocol(clientSide), { trustRoots: [root] })
    await settleUntil(reactor, () => clientSide.lost)
    await settleUntil(reactor, () => [...reactor.connections].length === 0)
    expect(clientSide.made).toBe(true)
  })
})
