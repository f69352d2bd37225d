import { describe, expect, test } from 'vitest'
import { HalfCloseRecorder } from '../../src/checks/transport-harness.ts'
import { TLSConfigurationError } from '../../src/errors.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { ClientTLS } from '../../src/tls/client-tls.ts'
import { ServerTLS } from '../../src/tls/server-tls.ts'
import { checkedRoots, CLIENT_TLS_RULES, SERVER_TLS_RULES } from '../../src/tls/tls-rules.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from './certificates.ts'
import { settleUntil } from './tls-memory-harness.ts'

describe('options of both sides', () => {
  test.each([
    [{ handshakeTimeoutMs: NaN }, 'Cannot take handshakeTimeoutMs NaN'],
    [{ handshakeTimeoutMs: '10' }, 'Cannot take handshakeTimeoutMs "10"'],
    [{ handshakeTimeoutMs: Infinity }, 'Cannot take handshakeTimeoutMs Infinity'],
    [{ minVersion: 'TLSv1.1' }, 'Cannot take minVersion "TLSv1.1"'],
    [{ acceptableProtocols: 'h2' }, 'Cannot take acceptableProtocols "h2"'],
    [{ acceptableProtocols: ['h2', ''] }, 'Cannot take acceptableProtocols[1] ""'],
    [{ acceptableProtocols: ['x'.repeat(256)] }, 'give a name of at most 255 bytes'],
    [{ acceptableProtocols: ['ü'.repeat(128)] }, 'give a name of at most 255 bytes'],
    [{ ALPNProtocols: ['h2'] }, 'Cannot take the unknown option "ALPNProtocols"'],
  ])('refuse %o', (options, message) => {
    expect(() => new ServerTLS({ ...server, ...options } as never)).toThrow(message)
    expect(() => new ClientTLS({ serverName: 'localhost', ...options } as never)).toThrow(message)
  })

  test('take a protocol name of 255 bytes, and undefined for the default', () => {
    const options = {
      acceptableProtocols: ['x'.repeat(255)],
      minVersion: undefined,
      handshakeTimeoutMs: undefined,
    }
    expect(new ServerTLS({ ...server, ...options }).handshakeTimeoutMs).toBe(10_000)
    expect(new ClientTLS({ serverName: 'localhost', ...options }).handshakeTimeoutMs).toBe(10_000)
  })
})

test('a server refuses key pairs that are none, also those for further names', () => {
  const pair = (name: string): unknown => ({ ...server, serverNames: { [name]: { cert: 5, key: '' } } })
  expect(() => new ServerTLS({ ...server, cert: 5 } as never)).toThrow(
    'Cannot take cert 5 for ServerTLS: give PEM text',
  )
  expect(() => new ServerTLS(pair('a.example') as never)).toThrow('Cannot take serverNames.a.example.cert 5')
  expect(SERVER_TLS_RULES.serverNames('a.example')).toMatchObject({ kind: 'type' })
})

test('a server refuses a certificate that replaces another under a misspelt name', () => {
  const tls = new ServerTLS(server)
  expect(() => tls.replace({ certificate: server.cert } as never)).toThrow('"certificate" for ServerTLS')
})

test('a client goes unverified for nothing but true', () => {
  for (const value of ['false', 'true', 1, null])
    expect(() => new ClientTLS({ insecurelySkipVerification: value } as never)).toThrow(
      'Cannot take insecurelySkipVerification',
    )
  expect(CLIENT_TLS_RULES.trustRoots(root)).toMatchObject({ kind: 'type', wanted: 'a list' })
})

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

describe('trust roots', () => {
  test('are taken when each holds a certificate, as text or as bytes', () => {
    expect(checkedRoots([root, Buffer.from(root)])).toEqual([root, Buffer.from(root)])
    expect(checkedRoots([])).toEqual([])
  })

  test.each([['garbage'], [''], [server.key]])('are refused when one holds none: %.12s', (wrong) => {
    expect(() => checkedRoots([root, wrong])).toThrow('trust root 2 of 2 holds no certificate in PEM')
    expect(() => new ClientTLS({ serverName: 'localhost', trustRoots: [wrong] })).toThrow(
      TLSConfigurationError,
    )
    expect(() => new ServerTLS({ ...server, clientCertificates: { trustRoots: [wrong] } })).toThrow(
      TLSConfigurationError,
    )
  })
})
