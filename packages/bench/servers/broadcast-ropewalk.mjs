// A set of WebSockets, and a loop over it that sends one prepared message.
import { reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'
import { prepareMessage } from '@ropewalk/websocket/topics'

const open = new Set()

class Subscriber extends WebSocketProtocol {
  negotiationFinished() {
    open.add(this.transport)
  }
  textMessageReceived(text) {
    const message = prepareMessage(text)
    for (const transport of open) transport.sendPrepared(message)
  }
  connectionLost() {
    open.delete(this.transport)
  }
}

const subscribers = WebSocketResource.forProtocol(Subscriber)
await serverFromString(reactor, `tcp:${process.argv[2]}:interface=127.0.0.1`).listen(new Site(subscribers))
await reactor.run()
