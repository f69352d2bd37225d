import { describe, expect, test } from 'vitest'
import type { TLSContext } from '../../src/interfaces/tls.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { serverTLSFromFiles } from '../../src/tls/server-tls-from-files.ts'
import { OneProtocol } from '../one-protocol.ts'
import { other, root, server } from './certificates.ts'
import { settleUntil } from './tls-memory-harness.ts'

const FILES = { certFile: '/etc/cert.pem', keyFile: '/etc/key.pem' }

/** A reactor with a certificate in its files. */
function make(): MemoryReactor {
  const reactor = new MemoryReactor()
  put(reactor, server)
  return reactor
}

function put(reactor: MemoryReactor, { cert, key }: typeof server): void {
  reactor.files.set(FILES.certFile, cert)
  reactor.files.set(FILES.keyFile, key)
}

/** Whom the certificate is for that a new connection is shown. */
async function shown(reactor: MemoryReactor, tls: TLSContext): Promise<unknown> {
  const client = new Recorder()
  const port = await reactor.listenSSL(0, new OneProtocol(new Recorder()), tls)
  const address = port.getHost()
  const skip = { trustRoots: [root], insecurelySkipVerification: true } as const
  reactor.connectSSL('localhost', address.type === 'TCP' ? address.port : 0, new OneProtocol(client), skip)
  await settleUntil(reactor, () => client.made)
  await port.stopListening()
  return client.transport.getPeerCertificate()?.subject['CN']
}

describe('serverTLSFromFiles', () => {
  test('shows what the files hold, and a renewed certificate from the next reading on', async () => {
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
  ])('keeps the old one while the new is %s, and says so', async (_what, broken) => {
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

  test('keeps it too while a file is missing', async () => {
    const reactor = make()
    const tls = await serverTLSFromFiles(reactor, { ...FILES, reloadEveryMs: 1000 })
    reactor.files.clear()
    reactor.advance(1000)
    await reactor.settle()
    expect(reactor.logged).toMatchObject([{ error: { code: 'ENOENT' } }])
    expect(await shown(reactor, tls)).toBe('localhost')
  })

  test('rejects at first with what is wrong, and reads no more unless asked to', async () => {
    const reactor = new MemoryReactor()
    await expect(serverTLSFromFiles(reactor, FILES)).rejects.toMatchObject({ code: 'ENOENT' })
    put(reactor, server)
    await serverTLSFromFiles(reactor, FILES)
    expect(reactor.getDelayedCalls()).toEqual([])
    await expect(serverTLSFromFiles(reactor, { ...FILES, reloadEveryMs: 0 })).rejects.toThrow(
      'Cannot take reloadEveryMs 0 for serverTLSFromFiles',
    )
  })

  test.each(['its signal', 'the end of the reactor'])('looks for new ones no more after %s', async (what) => {
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
