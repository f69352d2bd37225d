// An HTTP upgrade to our own line protocol: after the 101 the same connection carries lines. Try it with:
// printf 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nhello\r\n' | nc 127.0.0.1 8080
import { formatAddress, LineReceiver, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { NOT_DONE_YET, type Request, Resource, Site } from '@ropewalk/http'

class Shout extends LineReceiver {
  override connectionMade(): void {
    this.sendLine('Send a line.')
  }
  override lineReceived(line: Buffer): void {
    if (line.length === 0) this.transport.loseConnection()
    else this.sendLine(line.toString().toUpperCase())
  }
}

class ShoutResource extends Resource {
  override render_GET(request: Request) {
    // A client that does not ask for the upgrade gets a 426. Lines that arrived with the request are kept.
    request.upgrade(new Shout(), { protocol: 'shout' })
    return NOT_DONE_YET
  }
}

try {
  const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
  const port = await endpoint.listen(new Site(new ShoutResource()))
  reactor.callWhenRunning(() =>
    console.log(`Listening on http://${formatAddress(port.getHost())}/. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
