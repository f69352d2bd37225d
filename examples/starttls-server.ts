// A line server that starts TLS on request: after the line STARTTLS, the handshake follows on the same
// connection. Try it with: npm run example examples/starttls-client.ts tcp:127.0.0.1:8080
import { readFileSync } from 'node:fs'
import { Factory, formatAddress, LineReceiver, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { ServerTLS } from '@ropewalk/core/tls'

// A certificate for localhost that only these examples trust.
const certificates = new URL('certificates/', import.meta.url)
const tls = new ServerTLS({
  cert: readFileSync(new URL('localhost.cert.pem', certificates)),
  key: readFileSync(new URL('localhost.key.pem', certificates)),
})

class Secretive extends LineReceiver {
  override lineReceived(line: Buffer): void {
    const text = line.toString()
    const session = this.transport.tlsSession
    if (text === 'STARTTLS' && session === undefined) {
      this.sendLine('Go ahead')
      // Bytes that an attacker inserted after this line are never delivered as if TLS had protected them.
      this.transport.startTLS(tls)
    } else if (session === undefined) this.sendLine('Send STARTTLS first')
    else this.sendLine(`Over ${session.version}: ${text}`)
  }
}

try {
  const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
  const port = await endpoint.listen(Factory.forProtocol(Secretive))
  reactor.callWhenRunning(() =>
    console.log(`Listening on ${formatAddress(port.getHost())}. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
