import { Factory, Protocol, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { StreamProtocol } from '@ropewalk/core/stream'
import { flood } from './flood.mjs'

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

const factory = Factory.forProtocol(process.argv[3] === 'ignores' ? Ignores : Waits)
await serverFromString(reactor, `tcp:${process.argv[2]}:interface=127.0.0.1`).listen(factory)
await reactor.run()
