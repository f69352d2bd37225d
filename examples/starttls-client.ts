// Asks starttls-server for TLS, verifies its certificate, sends one line, prints the reply, and closes.
// Try it with: npm run example examples/starttls-client.ts tcp:127.0.0.1:8080
import { readFileSync } from 'node:fs'
import { type ConnectionClosed, Factory, LineReceiver, reactor, type Securable } from '@ropewalk/core'
import { clientFromString } from '@ropewalk/core/endpoints'
import { ClientTLS } from '@ropewalk/core/tls'

const tls = new ClientTLS({
  serverName: 'localhost',
  trustRoots: [readFileSync(new URL('certificates/localhost.cert.pem', import.meta.url))],
})

class Asking extends LineReceiver implements Securable {
  override connectionMade(): void {
    this.sendLine('STARTTLS')
  }

  override lineReceived(line: Buffer): void {
    console.log(line.toString())
    if (this.transport.tlsSession === undefined) this.transport.startTLS(tls)
    else this.transport.loseConnection()
  }

  handshakeCompleted(): void {
    this.sendLine('hello')
  }

  override connectionLost(reason: ConnectionClosed): void {
    if (reason.cause instanceof Error) console.error(reason.cause.message)
    process.exitCode = reason.cause === undefined ? 0 : 1
    reactor.callWhenRunning(() => reactor.stop())
  }
}

try {
  const endpoint = clientFromString(reactor, process.argv[2] ?? 'tcp:127.0.0.1:8080')
  await endpoint.connect(Factory.forProtocol(Asking))
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
