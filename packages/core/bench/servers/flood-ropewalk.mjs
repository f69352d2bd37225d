import { Factory, Protocol, reactor, StreamProtocol } from '../../dist/index.js'
import { flood } from './flood.mjs'
import { reportUsage } from './usage.mjs'

class Waits extends StreamProtocol {
  run(_reader, writer) {
    return flood((piece) => writer.write(piece))
  }
}

class Ignores extends Protocol {
  connectionMade() {
    void flood((piece) => void this.transport.write(piece))
  }
}

const factory = Factory.forProtocol(process.argv[2] === 'ignores' ? Ignores : Waits)
const port = await reactor.listenTCP(0, factory, { interface: '127.0.0.1' })
reportUsage(port.getHost().port, () => port.connections.size)
await reactor.run()
