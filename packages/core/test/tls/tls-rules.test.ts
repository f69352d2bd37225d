import { describe, expect, test } from 'vitest'
import { HalfCloseRecorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { ClientTLS, ServerTLS, TLSConfigurationError } from '../../src/tls.ts'
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

  test('accept a protocol name of 255 bytes, and undefined for the default', () => {
    const options = {
      acceptableProtocols: ['x'.repeat(255)],
      minVersion: undefined,
      handshakeTimeoutMs: undefined,
    }
    expect(new ServerTLS({ ...server, ...options }).handshakeTimeoutMs).toBe(10_000)
    expect(new ClientTLS({ serverName: 'localhost', ...options }).handshakeTimeoutMs).toBe(10_000)
  })
})

test('a server refuses invalid key pairs, also those of serverNames', () => {
  const pair = (name: string): unknown => ({ ...server, serverNames: { [name]: { cert: 5, key: '' } } })
  expect(() => new ServerTLS({ ...server, cert: 5 } as never)).toThrow(
    'Cannot take cert 5 for ServerTLS: give PEM text',
  )
  expect(() => new ServerTLS(pair('a.example') as never)).toThrow('Cannot take serverNames.a.example.cert 5')
  expect(SERVER_TLS_RULES.serverNames('a.example')).toMatchObject({ kind: 'type' })
})

test('a server refuses a replacement with a misspelt option', () => {
  const tls = new ServerTLS(server)
  expect(() => tls.replace({ certificate: server.cert } as never)).toThrow('"certificate" for ServerTLS')
})

test('a client skips verification only for true', () => {
  for (const value of ['false', 'true', 1, null])
    expect(() => new ClientTLS({ insecurelySkipVerification: value } as never)).toThrow(
      'Cannot take insecurelySkipVerification',
    )
  expect(CLIENT_TLS_RULES.trustRoots(root)).toMatchObject({ kind: 'type', wanted: 'a list' })
})

describe('sessionOf', () => {
  test('reports the fields of a certificate, and nothing for a peer without one', async () => {
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
  test('are accepted when each contains a certificate, as text or as bytes', () => {
    expect(checkedRoots([root, Buffer.from(root)])).toEqual([root, Buffer.from(root)])
    expect(checkedRoots([])).toEqual([])
  })

  test.each([['garbage'], [''], [server.key]])(
    'are refused when one contains no certificate: %.12s',
    (wrong) => {
      expect(() => checkedRoots([root, wrong])).toThrow('trust root 2 of 2 contains no certificate in PEM')
      expect(() => new ClientTLS({ serverName: 'localhost', trustRoots: [wrong] })).toThrow(
        TLSConfigurationError,
      )
      expect(() => new ServerTLS({ ...server, clientCertificates: { trustRoots: [wrong] } })).toThrow(
        TLSConfigurationError,
      )
    },
  )
})
