import { MemoryReactor } from '@ropewalk/core/testing'
import { Site } from '@ropewalk/http'
import { onTestFinished } from 'vitest'
import { connectWebSocket } from '../src/client/connect-websocket.ts'
import { ConnectedWebSocket } from '../src/connection/connected-websocket.ts'
import type { WebSocketOptions } from '../src/connection/websocket-options.ts'
import type { WebSocketProtocol } from '../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../src/server/websocket-resource.ts'
import { WebSocketServerFactory } from '../src/server/websocket-server-factory.ts'

/** Both ends of one WebSocket in memory. */
export interface ConnectedSockets<P = ConnectedWebSocket> {
  readonly reactor: MemoryReactor
  readonly client: ConnectedWebSocket
  readonly server: P
  /** Lets everything happen until `done` returns true, also what Node's streams do in turns of their own. */
  readonly until: (done: () => boolean) => Promise<void>
}

/** Connects two ConnectedWebSockets in memory; the server may have another protocol. */
export async function connectedSockets<P extends WebSocketProtocol = ConnectedWebSocket>(
  options: Partial<WebSocketOptions> = {},
  protocol?: P,
): Promise<ConnectedSockets<P>> {
  const reactor = new MemoryReactor()
  // Without a protocol, P is ConnectedWebSocket.
  const server = protocol ?? (new ConnectedWebSocket() as unknown as P)
  class Factory extends WebSocketServerFactory {
    override buildProtocol(): P {
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
