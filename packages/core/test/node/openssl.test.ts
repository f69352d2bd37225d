import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { createReactor, Factory, type ListeningPort, type Reactor } from '../../src/index.ts'
import type { ServerTLSOptions } from '../../src/tls.ts'
import { Echo } from '../../src/checks/transport-harness.ts'
import { client, server } from '../tls/certificates.ts'
import { portOf, until } from './socket-harness.ts'

const THERE = spawnSync('openssl', ['version']).status === 0
const ROOT = fileURLToPath(new URL('../tls/certificates/root.cert.pem', import.meta.url))

// Skipped where openssl is missing; CI installs it.
describe.skipIf(!THERE)('openssl s_client', () => {
  const reactor: Reactor = createReactor({ log: () => undefined })
  const [ports, children]: [ListeningPort[], ChildProcess[]] = [[], []]

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    for (const port of ports.splice(0)) await port.stopListening()
    for (const transport of reactor.connections) transport.abortConnection()
    await until(() => [...reactor.connections].length === 0)
  })

  const connect = async (
    tls: Partial<ServerTLSOptions>,
    ...args: string[]
  ): Promise<{ text: string; child: ChildProcess }> => {
    const port = await reactor.listenSSL(
      0,
      Factory.forProtocol(Echo),
      { ...server, ...tls },
      { interface: '127.0.0.1' },
    )
    ports.push(port)
    const verify = ['-CAfile', ROOT, '-verify_return_error', '-servername', 'localhost']
    const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${portOf(port)}`, ...verify, ...args])
    children.push(child)
    const talk = { text: '', child }
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => (talk.text += String(data)))
    return talk
  }

  test('verifies our certificate, agrees on a protocol, and receives its bytes back', async () => {
    const talk = await connect({ acceptableProtocols: ['echo'] }, '-alpn', 'other,echo')
    await until(() => talk.text.includes('Verify return code: 0 (ok)'))
    talk.child.stdin?.write('there and back\n')
    await until(() => talk.text.includes('there and back'))
    expect(talk.text).toMatch(/ALPN protocol: echo/)
    expect(talk.text).toMatch(/TLSv1\.3/)
  })

  test('is refused with an old version of TLS, by the alert for that', async () => {
    const talk = await connect({}, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0')
    await once(talk.child, 'close')
    expect(talk.text).toMatch(/alert protocol version|unsupported protocol|no protocols available/)
  })

  test('is refused without a client certificate where one is required', async () => {
    const talk = await connect({ clientCertificates: { trustRoots: [client.cert] } })
    await once(talk.child, 'close')
    expect([...reactor.connections]).toEqual([])
  })
})
