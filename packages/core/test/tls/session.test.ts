import { describe, expect, test } from 'vitest'
import { HalfCloseRecorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from './certificates.ts'
import { settleUntil } from './tls-memory-harness.ts'

describe('sessionOf', () => {
  test('tells what a certificate says, and of a peer without one nothing', async () => {
    const reactor = new MemoryReactor()
    const [serverSide, clientSide] = [new HalfCloseRecorder(), new HalfCloseRecorder()]
    await reactor.listenSSL(443, new OneProtocol(serverSide), server)
    reactor.connectSSL('localhost', 443, new OneProtocol(clientSide), { trustRoots: [root] })
    await settleUntil(reactor, () => serverSide.made && clientSide.made)
    const certificate = clientSide.transport.getPeerCertificate()
    expect(certificate).toMatchObject({
      subject: { CN: 'localhost' },
      issuer: { CN: 'Ropewalk test authority' },
      subjectAltName: expect.stringContaining('DNS:server.test') as string,
    })
    expect(certificate?.raw.length).toBeGreaterThan(100)
    expect(certificate?.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect(Object.isFrozen(clientSide.transport.tlsSession)).toBe(true)
    expect(serverSide.transport.tlsSession?.peerCertificate).toBeUndefined()
    expect(clientSide.transport.tlsSession?.cipher).toMatch(/^TLS_/)
  })
})
