import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createReactor, Factory } from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import {
  proxyHeaderOf,
  ProxyProtocolFactory,
  SendProxyHeader,
  writeProxyV1,
  writeProxyV2,
} from '../../src/proxy.ts'
import { ServerTLS, TLSFactory } from '../../src/tls.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { claim, ipv4, ipv6 } from '../proxy/header-cases.ts'
import * as certificates from '../tls/certificates.ts'
import { type HAProxy, hasHAProxy, runHAProxy } from './run-haproxy.ts'
import { portOf, until } from './socket-harness.ts'

class Echoes extends Factory<Echo> {
  readonly built: Echo[] = []

  override buildProtocol(): Echo {
    const echo = new Echo()
    this.built.push(echo)
    return echo
  }
}

describe.skipIf(!hasHAProxy)('PROXY headers of a real haproxy (skipped where haproxy is missing)', () => {
  const logged: LogEvent[] = []
  const reactor = createReactor({ log: (event) => logged.push(event) })
  const [echoes, checked] = [new Echoes(), new Echoes()]
  const interfaceOptions = { interface: '127.0.0.1' }
  const trusted = { trustedSources: ['127.0.0.1'] }
  let haproxy: HAProxy

  beforeAll(async () => {
    const plain = await reactor.listenTCP(0, new ProxyProtocolFactory(echoes, trusted), interfaceOptions)
    const tls = new TLSFactory(echoes, new ServerTLS(certificates.server))
    const secure = await reactor.listenTCP(0, new ProxyProtocolFactory(tls, trusted), interfaceOptions)
    const health = await reactor.listenTCP(0, new ProxyProtocolFactory(checked, trusted), interfaceOptions)
    const [ours, oursSecure, oursChecked] = [plain, secure, health].map(
      (port) => `  server ours 127.0.0.1:${portOf(port)}`,
    )
    haproxy = await runHAProxy(
      {
        ready: '  tcp-request connection reject',
        v1: `${ours} send-proxy`,
        v2: `${ours} send-proxy-v2`,
        ssl: `  unique-id-format %ci:%cp\n${ours} send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id`,
        before: `${oursSecure} send-proxy-v2`,
        accept: `${ours} send-proxy-v2`,
        checked: `  option tcp-check\n  tcp-check connect send-proxy\n  tcp-check send PING\n  tcp-check expect string PING\n${oursChecked} send-proxy-v2 check inter 50ms`,
      },
      {
        ssl: 'ssl crt DIR/server.pem ca-file DIR/root.pem verify optional alpn echo',
        accept: 'accept-proxy',
      },
      {
        'server.pem': [certificates.server.cert, certificates.server.key].join('\n'),
        'root.pem': certificates.root,
      },
    )
  }, 30_000)

  afterAll(async () => {
    for (const transport of reactor.connections) transport.abortConnection()
    await haproxy.stop()
  })

  /** Sends `text` from a client, awaits its echo, and returns the protocol that echoed it. */
  const echoed = async (client: Recorder, text: string): Promise<Echo> => {
    await until(() => client.made)
    client.transport.write(text)
    await until(() => client.text === text)
    const echo = echoes.built.find((candidate) => candidate.text === text)
    if (echo === undefined) throw new Error(`No protocol echoed ${text}`)
    return echo
  }

  test.each([
    ['v1', 1],
    ['v2', 2],
  ] as const)('send-proxy in %s: the peer is the client', async (name, version) => {
    const client = new Recorder()
    reactor.connectTCP('127.0.0.1', haproxy.ports[name] ?? 0, new OneProtocol(client))
    const { transport } = await echoed(client, `through ${name}`)
    expect(transport.getPeer()).toEqual(client.transport.getHost())
    expect(transport.getHost()).toEqual(client.transport.getPeer())
    expect(proxyHeaderOf(transport)).toMatchObject({ version, command: 'PROXY' })
  })

  test('send-proxy-v2 with all its fields: TLS, the certificate, a checksum', async () => {
    const client = new Recorder()
    reactor.connectSSL('127.0.0.1', haproxy.ports['ssl'] ?? 0, new OneProtocol(client), {
      serverName: 'localhost',
      trustRoots: [certificates.root],
      certificate: certificates.client,
      acceptableProtocols: ['echo'],
    })
    const { transport } = await echoed(client, 'through ssl')
    const { host, port } = client.transport.getHost() as { host: string; port: number }
    const { extensions } = proxyHeaderOf(transport) ?? {}
    expect(extensions).toMatchObject({
      alpn: 'echo',
      authority: 'localhost',
      ssl: { client: { ssl: true, certConn: true, certSess: true }, verify: 0 },
    })
    expect(extensions?.uniqueId?.toString()).toBe(`${host}:${port}`)
    expect(extensions?.ssl?.version).toBe(client.transport.tlsSession?.version)
    expect(extensions?.ssl?.cipher).toBe(client.transport.tlsSession?.cipher)
    const { subject } = new X509Certificate(certificates.client.cert)
    expect(subject.split('\n')).toContain(`CN=${extensions?.ssl?.cn}`)
    expect(transport.getPeer()).toEqual(client.transport.getHost())
  })

  test('send-proxy before TLS that is terminated by our server', async () => {
    const client = new Recorder()
    reactor.connectSSL('127.0.0.1', haproxy.ports['before'] ?? 0, new OneProtocol(client), {
      serverName: 'localhost',
      trustRoots: [certificates.root],
    })
    const { transport } = await echoed(client, 'through before')
    expect(transport.getPeer()).toEqual(client.transport.getHost())
    expect(transport.tlsSession?.version).toBe('TLSv1.3')
  })

  test.each([
    ['version 1', () => writeProxyV1(claim(ipv4)), ipv4],
    ['version 1, IPv6', () => writeProxyV1(claim(ipv6)), ipv6],
    ['version 2', () => writeProxyV2(claim(ipv4)), ipv4],
    ['version 2, IPv6', () => writeProxyV2(claim(ipv6)), ipv6],
    [
      'version 2 with fields and a checksum',
      () => writeProxyV2(claim(ipv4, { alpn: 'h2', authority: 'a.test' }), { checksum: true }),
      ipv4,
    ],
  ])('accept-proxy accepts our %s', async (name, headerFor, addresses) => {
    const client = new Recorder()
    const policies = [new SendProxyHeader(headerFor)]
    reactor.connectTCP('127.0.0.1', haproxy.ports['accept'] ?? 0, new OneProtocol(client), { policies })
    const { transport } = await echoed(client, `accepted in ${name}`)
    expect([transport.getPeer(), transport.getHost()]).toEqual([addresses.source, addresses.destination])
  })

  test('health checks are LOCAL, get a response, and are not logged', async () => {
    const localChecks = (): Echo[] => checked.built.filter(({ text }) => text === 'PING')
    await until(() => localChecks().length >= 3)
    expect(localChecks().map(({ transport }) => proxyHeaderOf(transport)?.command)).not.toContain('PROXY')
    expect(localChecks()[0]?.transport.getPeer()).toMatchObject({ host: '127.0.0.1' })
    expect(logged).toEqual([])
  })
})
