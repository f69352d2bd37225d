import { describe, expect, test } from 'vitest'
import { clientFromString } from '../../src/endpoints.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { client, root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'

describe('client strings', () => {
  const secured = async (): Promise<MemoryReactor> => {
    const reactor = new MemoryReactor()
    const tls = { ...server, clientCertificates: { trustRoots: [root], required: false } }
    await reactor.listenSSL(443, new OneProtocol(new Echo()), tls)
    reactor.files.set('ca.pem', root).set('cert.pem', String(client.cert)).set('key.pem', String(client.key))
    reactor.names.set('server.test', ['127.0.0.1']).set('other.test', ['127.0.0.1'])
    return reactor
  }

  test.each([
    'ssl:server.test:443:trustRoots=ca.pem',
    'tls:server.test:443:trustRoots=ca.pem:timeout=5s',
    'tls:127.0.0.1:443:trustRoots=ca.pem',
    'tls:other.test:443:trustRoots=ca.pem:hostname=server.test',
    'ssl:server.test:443:trustRoots=ca.pem:certKey=cert.pem:privateKey=key.pem',
  ])('connects with TLS to %s', async (text) => {
    const reactor = await secured()
    const protocol = new Recorder()
    void clientFromString(reactor, text).connect(new OneProtocol(protocol))
    await settleUntil(reactor, () => protocol.made)
    protocol.transport.write('hello')
    await settleUntil(reactor, () => protocol.text === 'hello')
    expect(protocol.transport.getPeerCertificate()?.subject).toBeDefined()
  })

  test.each([
    ['tls:other.test:443:trustRoots=ca.pem', 'TLSHandshakeError'],
    ['ssl:server.test:443', 'TLSHandshakeError'],
    ['ssl:server.test:443:trustRoots=none.pem', 'Error'],
    ['tls:unknown.test:443:trustRoots=ca.pem', 'DNSLookupError'],
  ])('cannot connect to %s: %s', async (text, name) => {
    const reactor = await secured()
    let failure: Error | undefined
    clientFromString(reactor, text)
      .connect(new OneProtocol(new Recorder()))
      .catch((error: Error) => {
        failure = error
      })
    await settleUntil(reactor, () => failure !== undefined)
    expect(failure?.name).toBe(name)
    await settleUntil(reactor, () => reactor.connections.size === 0)
  })

  test('connects to the addresses of a name', async () => {
    const reactor = new MemoryReactor()
    reactor.names.set('server.test', ['127.0.0.1'])
    await reactor.listenTCP(80, new OneProtocol(new Recorder()))
    const protocol = new Recorder()
    const connecting = clientFromString(reactor, 'host:server.test:80').connect(new OneProtocol(protocol))
    await reactor.settle()
    expect(await connecting).toBe(protocol)
  })
})
