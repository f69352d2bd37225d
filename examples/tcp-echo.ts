// Sends everything back. Try it with: nc 127.0.0.1 8080
import { Factory, formatAddress, Protocol, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    // A peer that sends without reading must not fill our memory: pause until it has read.
    if (!this.transport.write(data)) {
      this.transport.pauseProducing()
      void this.transport.drained().then(() => this.transport.resumeProducing())
    }
  }
}

try {
  const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
  const port = await endpoint.listen(Factory.forProtocol(Echo))
  reactor.callWhenRunning(() =>
    console.log(`Listening on ${formatAddress(port.getHost())}. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
