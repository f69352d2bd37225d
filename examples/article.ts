// A WebSocket without WebSocketResource: an HTTPChannel whose connection carries WebSocket frames after the
// handshake, a Site that builds the channels, and a Resource that responds to the handshake.
import { createHash } from 'node:crypto'
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { HTTPChannel, HTTPError, NOT_DONE_YET, type Request, Resource, Site } from '@ropewalk/http'
import { WebSocketChannel, WebSocketProtocol } from '@ropewalk/websocket'

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    this.transport.sendTextMessage(text)
  }
  override bytesMessageReceived(data: Buffer): void {
    this.transport.sendBytesMessage(data)
  }
}

/** Responds with 101 and Sec-WebSocket-Accept, and passes the connection to a WebSocketChannel. */
class EchoResource extends Resource {
  override render_GET(request: Request) {
    const key = request.getHeader('Sec-WebSocket-Key')
    if (request.getHeader('Upgrade')?.toLowerCase() !== 'websocket' || key === undefined) {
      throw new HTTPError(400, 'Open this address as a WebSocket')
    }
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    request.upgrade(new WebSocketChannel({ protocol: new Echo(), opening: { role: 'server', request } }), {
      protocol: 'websocket',
      headers: [['Sec-WebSocket-Accept', accept]],
    })
    return NOT_DONE_YET
  }
}

/** Logs each connection that switches to WebSocket. */
class EchoChannel extends HTTPChannel {
  override protocolReplaced(): void {
    super.protocolReplaced()
    console.log(`${formatAddress(this.transport.getPeer())} has switched to WebSocket`)
  }
}

class EchoSite extends Site {
  override buildProtocol(): EchoChannel {
    const channel = new EchoChannel()
    channel.factory = this
    return channel
  }
}

try {
  const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
  const port = await endpoint.listen(new EchoSite(new EchoResource()))
  reactor.callWhenRunning(() =>
    console.log(`Listening on ws://${formatAddress(port.getHost())}/. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
