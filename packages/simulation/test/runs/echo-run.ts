import { Resource, Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'
import type { Simulation } from '../../src/index.ts'
import { EchoClient } from './echo-client.ts'
import { Scene } from './scene.ts'
import { watchSwitches } from './watch-switches.ts'

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    this.transport.sendTextMessage(text)
  }
}

/**
 * An echo WebSocket server with `clients` clients, on a network that misbehaves. Each client receives its
 * messages back in order, and the witness checks its rules.
 *
 * @param Protocol The protocol that serves each WebSocket. Default: one that sends every text back.
 * @throws {Error} (rejects) when a check fails.
 */
export async function echoRun(
  sim: Simulation,
  clients: number,
  messages: number,
  Protocol: new () => WebSocketProtocol = Echo,
): Promise<void> {
  const complaints: string[] = []
  await Scene.play(sim, {
    clients,
    serve(reactor, { witness, policies }) {
      const root = new Resource()
      root.putChild('echo', WebSocketResource.forProtocol(Protocol))
      const site = witness.watchAll(new Site(root))
      return reactor.listenTCP(80, site, { policies: [watchSwitches(witness), ...policies] })
    },
    call(reactor, scene) {
      const client = new EchoClient(messages, (why) => complaints.push(why))
      scene.connect(reactor, 80, client)
    },
  })
  const [complaint] = complaints
  if (complaint !== undefined) throw new Error(complaint)
}
