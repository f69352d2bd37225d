// Every WebSocket subscribes to one topic, to which each message of a client is published.
import { reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'
import { Topics } from '@ropewalk/websocket/topics'

const topics = new Topics({ reactor })

class Subscriber extends WebSocketProtocol {
  negotiationFinished() {
    return topics.subscribe('news', this)
  }
  textMessageReceived(text) {
    topics.publish('news', text)
  }
}

const subscribers = WebSocketResource.forProtocol(Subscriber)
await serverFromString(reactor, `tcp:${process.argv[2]}:interface=127.0.0.1`).listen(new Site(subscribers))
await reactor.run()
