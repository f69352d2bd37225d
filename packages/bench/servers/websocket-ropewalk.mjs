import { reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'

class Echo extends WebSocketProtocol {
  textMessageReceived(text) {
    if (this.transport.sendTextMessage(text) !== 'sent') return this.#catchUp()
    return undefined
  }
  bytesMessageReceived(data) {
    if (this.transport.sendBytesMessage(data) !== 'sent') return this.#catchUp()
    return undefined
  }
  async #catchUp() {
    await this.transport.drained()
  }
}

const echo = WebSocketResource.forProtocol(Echo, {
  maxMessageBytes: 128 * 1024 * 1024,
  // The peers compress short messages too. Other options are the next argument, as JSON.
  deflate: process.argv[3] === 'deflate' && { thresholdBytes: 0, ...JSON.parse(process.argv[4] ?? '{}') },
})
await serverFromString(reactor, `tcp:${process.argv[2]}:interface=127.0.0.1`).listen(new Site(echo))
await reactor.run()
