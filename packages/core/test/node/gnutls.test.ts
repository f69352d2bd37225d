import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type ConnectionClosed,
  createReactor,
  Factory,
  LineReceiver,
  type ListeningPort,
  type Reactor,
} from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import { ServerTLS } from '../../src/tls.ts'
import { server } from '../tls/certificates.ts'
import { portOf, until } from './socket-harness.ts'

const THERE = spawnSync('gnutls-cli', ['--version']).status === 0
const ROOT = fileURLToPath(new URL('../tls/certificates/root.cert.pem', import.meta.url))

/** Echoes lines, supports STARTTLS, and closes at `bye`. */
class Lines extends LineReceiver {
  readonly #ends: string[]

  constructor(ends: string[]) {
    super()
    this.#ends = ends
  }

  override lineReceived(line: Buffer): void {
    const text = line.toString()
    if (text === 'bye') return this.transport.loseConnection()
    this.sendLine(`back: ${text}`)
    if (text === 'STARTTLS') this.transport.startTLS(new ServerTLS(server))
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#ends.push(reason.name)
  }
}

// Skipped where gnutls-cli is missing; CI installs gnutls-bin.
describe.skipIf(!THERE)('gnutls-cli, a TLS implementation other than OpenSSL', () => {
  const logged: LogEvent[] = []
  const reactor: Reactor = createReactor({ log: (event) => logged.push(event) })
  const [ports, children, ends]: [ListeningPort[], ChildProcess[], string[]] = [[], [], []]
  const loopback = { interface: '127.0.0.1' }

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    for (const port of ports.splice(0)) await port.stopListening()
    for (const transport of reactor.connections) transport.abortConnection()
    await until(() => [...reactor.connections].length === 0)
    logged.length = 0
    ends.length = 0
  })

  const connect = (port: ListeningPort, ...args: string[]): { text: string; child: ChildProcess } => {
    ports.push(port)
    const verify = ['--x509cafile', ROOT, '--sni-hostname', 'localhost', '--verify-hostname', 'localhost']
    const child = spawn('gnutls-cli', [...verify, '--port', `${portOf(port)}`, ...args, '127.0.0.1'])
    children.push(child)
    const talk = { text: '', child }
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => (talk.text += String(data)))
    return talk
  }

  test('verifies our certificate, agrees on a protocol, and receives our close_notify (RFC 8446 §6.1)', async () => {
    const tls = { ...server, acceptableProtocols: ['lines'] }
    const port = await reactor.listenSSL(0, Factory.forProtocol(Lines, ends), tls, loopback)
    const talk = connect(port, '--alpn', 'lines')
    await until(() => talk.text.includes('Simple Client Mode'))
    talk.child.stdin?.write('hello\r\n')
    await until(() => talk.text.includes('back: hello'))
    talk.child.stdin?.write('bye\r\n')
    expect(await once(talk.child, 'close')).toEqual([0, null])
    expect(talk.text).toMatch(/The certificate is trusted/)
    expect(talk.text).toMatch(/Application protocol: lines/)
    // Without close_notify it reports that the connection was not properly terminated.
    expect(talk.text).toMatch(/Peer has closed the GnuTLS connection/)
    await until(() => ends.length > 0)
    expect(ends).toEqual(['ConnectionDone'])
  })

  test('is refused with an old version of TLS, by the alert for that', async () => {
    const port = await reactor.listenSSL(0, Factory.forProtocol(Lines, ends), server, loopback)
    const talk = connect(port, '--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT')
    expect((await once(talk.child, 'close'))[0]).toBe(1)
    expect(talk.text).toMatch(/Received alert \[70\]: Error in protocol version/)
    await until(() => logged.length > 0 && [...reactor.connections].length === 0)
    expect(logged).toMatchObject([{ level: 'debug', text: 'A TLS handshake failed' }])
    expect(ends).toEqual([])
  })

  test('starts TLS in the middle of a connection', async () => {
    const port = await reactor.listenTCP(0, Factory.forProtocol(Lines, ends), loopback)
    const talk = connect(port, '--starttls')
    await until(() => talk.text.includes('Simple Client Mode'))
    talk.child.stdin?.write('STARTTLS\r\n')
    await until(() => talk.text.includes('back: STARTTLS'))
    talk.child.kill('SIGALRM')
    await until(() => talk.text.includes('The certificate is trusted'))
    talk.child.stdin?.write('secret\r\n')
    await until(() => talk.text.includes('back: secret'))
    talk.child.stdin?.write('bye\r\n')
    expect(await once(talk.child, 'close')).toEqual([0, null])
    await until(() => ends.length > 0)
    expect(ends).toEqual(['ConnectionDone'])
  })
})
