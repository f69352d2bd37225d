import { Site } from '@ropewalk/http'
import { simulate } from '@ropewalk/simulation/vitest'
import { connectWebSocket, WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    this.transport.sendTextMessage(text)
  }
}

const TEXTS = [
  'small',
  'a message that is compressed '.repeat(50),
  'a large message '.repeat(20_000),
  'small',
]

simulate(
  'compressed messages of all sizes keep their order on a simulated network',
  { runs: 10 },
  async (sim) => {
    sim.host('server', (reactor) =>
      reactor.listenTCP(80, new Site(WebSocketResource.forProtocol(Echo, { deflate: true }))),
    )
    const received: string[] = []
    sim.host('client', async (reactor) => {
      const socket = await connectWebSocket('ws://server/', { reactor, deflate: true })
      for (const text of TEXTS) void socket.send(text)
      for await (const message of socket) {
        received.push(String(message))
        if (received.length === TEXTS.length) return
      }
    })
    await sim.run(60_000)
    if (received.join() !== TEXTS.join())
      throw new Error(`Received ${received.length} messages, or other ones`)
  },
)
