import { Factory, Protocol, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'

class Echo extends Protocol {
  dataReceived(data) {
    if (!this.transport.write(data)) {
      this.transport.pauseProducing()
      void this.transport.drained().then(() => this.transport.resumeProducing())
    }
  }
}

await serverFromString(reactor, `tcp:${process.argv[2]}:interface=127.0.0.1`).listen(
  Factory.forProtocol(Echo),
)
await reactor.run()
