import { Factory, Protocol, reactor } from '../../dist/index.js'
import { reportUsage } from './usage.mjs'

class Echo extends Protocol {
  dataReceived(data) {
    this.transport.write(data)
  }
}

const port = await reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '127.0.0.1' })
reportUsage(port.getHost().port, () => port.connections.size)
await reactor.run()
