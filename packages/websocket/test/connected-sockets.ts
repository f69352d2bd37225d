import { MemoryReactor } from '@ropewalk/core/testing'
import { Site } from '@ropewalk/http'
import { onTestFinished } from 'vitest'
import { connectWebSocket } from '../src/client/connect-websocket.ts'
import { ConnectedWebSocket } from '../src/connection/connected-websocket.ts'
import type { WebSocketOptions } from '../src/connection/websocket-options.ts'
import { WebSocketResource } from '../src/server/websocket-resource.ts'
import { WebSocketServerFactory } from '../src/server/websocket-server-factory.ts'

/** Both ends of one WebSocket in memory. */
export interface ConnectedSockets {
  readonly reactor: MemoryReactor
  readonly client: ConnectedWebSocket
  readonly server: ConnectedWebSocket
  /** Lets everything happen until `done` returns true, also what Node's streams do in turns of their own. */
  readonly until: (done: () => boolean) => Promise<void>
}

/** Connects two ConnectedWebSockets in memory. */
export async function connectedSockets(options: Partial<WebSocketOptions> = {}): Promise<ConnectedSockets> {
  const reactor = new MemoryReactor()
  const server = new ConnectedWebSocket()
  class Factory extends WebSocketServerFactory {
    override buildProtocol(): ConnectedWebSocket {
      return server
    }
  }
  await reactor.listenTCP(80, new Site(new WebSocketResource(new Factory(), options)))
  const connecting = connectWebSocket('ws://127.0.0.1/', { reactor, ...options })
  await reactor.settle()
  const client = await connecting
  onTestFinished(async () => {
    for (const transport of reactor.connections) transport.abortConnection()
    await reactor.settle()
  })
  const until = async (done: () => boolean): Promise<void> => {
    for (let turns = 0; !done(); turns++) {
      if (turns > 10_000) throw new Error('Nothing more happens')
      await reactor.settle()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { reactor, client, server, until }
}
