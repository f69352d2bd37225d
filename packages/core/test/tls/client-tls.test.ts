import { describe, expect, test } from 'vitest'
import { ConnectingCancelledError } from '../../src/endpoints.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { TimeoutError } from '../../src/time.ts'
import {
  ClientTLS,
  type ClientTLSOptions,
  type KeyPair,
  TLSConfigurationError,
  TLSHandshakeError,
} from '../../src/tls.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { imposter, other, root, server } from './certificates.ts'
import { settleUntil } from './tls-memory-harness.ts'

/** Why `connectSSL` to a server with this certificate fails; undefined when it does not. */
async function failure(pair: KeyPair, tls: ClientTLSOptions): Promise<unknown> {
  const reactor = new MemoryReactor()
  const clientSide = new Recorder()
  await reactor.listenSSL(443, new OneProtocol(new Recorder()), pair)
  const connector = reactor.connectSSL('localhost', 443, new OneProtocol(clientSide), tls)
  let failed: unknown
  connector.whenConnected().catch((error: unknown) => (failed = error))
  await settleUntil(reactor, () => failed !== undefined || clientSide.made)
  if (failed !== undefined) await settleUntil(reactor, () => [...reactor.connections].length === 0)
  return failed
}

describe('ClientTLS', () => {
  test('accepts a certificate that a trusted authority has signed for the name', async () => {
    expect(await failure(server, { trustRoots: [root] })).toBeUndefined()
  })

  test.each([
    [
      'an authority unknown to Node',
      server,
      {},
      /(?:self-signed|unable to).*, in the certificate presented for localhost/,
    ],
    [
      'an authority that is not trusted',
      imposter,
      { trustRoots: [root] },
      /unable to.*, in the certificate presented for localhost/,
    ],
    ['another name', other, { trustRoots: [root] }, /altnames|does not match/],
    ['a name asked for explicitly', server, { trustRoots: [root], serverName: 'example.org' }, /altnames/],
  ])('refuses a certificate of %s', async (_what, pair, tls, message) => {
    const failed = await failure(pair, tls)
    expect(failed).toBeInstanceOf(TLSHandshakeError)
    expect(String(failed)).toMatch(message)
  })

  test('accepts any certificate only with insecurelySkipVerification', async () => {
    expect(await failure(imposter, { insecurelySkipVerification: true })).toBeUndefined()
  })

  test('verifies a numeric host against the addresses in the certificate', async () => {
    expect(await failure(server, { trustRoots: [root], serverName: '127.0.0.1' })).toBeUndefined()
    expect(await failure(server, { trustRoots: [root], serverName: '127.0.0.2' })).toBeInstanceOf(
      TLSHandshakeError,
    )
  })

  test('needs a name and usable certificates', () => {
    expect(() => new ClientTLS({ serverName: '' })).toThrow('Cannot verify a server without a name')
    expect(() => new ClientTLS({})).toThrow(/give serverName/)
    expect(() => new ClientTLS({ serverName: 'a', certificate: { cert: 'x', key: 'y' } })).toThrow(
      TLSConfigurationError,
    )
  })

  test('fails with TimeoutError when the server accepts and sends nothing, and can be cancelled', async () => {
    const reactor = new MemoryReactor()
    const silent = new Recorder()
    await reactor.listenTCP(443, new OneProtocol(silent))
    const dial = () =>
      reactor.connectSSL('localhost', 443, new OneProtocol(new Recorder()), {}, { timeoutMs: 1000 })
    const slow = dial().whenConnected()
    await settleUntil(reactor, () => silent.made)
    reactor.advance(1000)
    await expect(slow).rejects.toThrow(TimeoutError)
    const given = dial()
    await settleUntil(reactor, () => [...reactor.connections].length >= 2)
    const connected = given.whenConnected()
    given.stopConnecting()
    await expect(connected).rejects.toThrow(ConnectingCancelledError)
    await settleUntil(reactor, () => [...reactor.connections].length === 0)
  })
})
