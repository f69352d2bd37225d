import { ClientFactory, IdleTimeout } from '@ropewalk/core'
import { Resource, Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'
import type { Simulation } from '../../src/index.ts'
import { WebSocketClient } from './web-socket-client.ts'

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    this.transport.sendTextMessage(text)
  }
}

class Once extends ClientFactory<WebSocketClient> {
  readonly #protocol: WebSocketClient

  constructor(protocol: WebSocketClient) {
    super()
    this.#protocol = protocol
  }

  override buildProtocol(): WebSocketClient {
    return this.#protocol
  }
}

/**
 * The echo WebSocket server with so many clients, on a network that misbehaves. At the end:
 *
 * - what came back is what was sent, in order, and nothing came after the end;
 * - every client that was connected has heard of the end once;
 * - no connection and no timer is left, and nothing was logged as an error.
 *
 * @throws {Error} (rejects) when one of these does not hold.
 */
export async function echoRun(sim: Simulation, clients: number, messages: number): Promise<void> {
  const protocols: WebSocketClient[] = []
  const root = new Resource()
  root.putChild('echo', WebSocketResource.forProtocol(Echo))
  // Who finds its peer gone by silence alone is asked for by a policy: see docs/defaults.md.
  const policies = [new IdleTimeout(60_000)]
  sim.host('server', async (reactor) => {
    await reactor.listenTCP(80, new Site(root), { policies })
    void reactor.run({ installSignalHandlers: false })
  })
  for (let at = 0; at < clients; at++)
    sim.host(`client${at}`, async (reactor) => {
      const protocol = new WebSocketClient(messages)
      protocols.push(protocol)
      const connector = reactor.connectTCP('server', 80, new Once(protocol), { policies })
      await connector.whenConnected().catch(() => undefined)
    })
  sim.injectFaults({ withinMs: 3000, most: 8 })
  await sim.run(200_000)
  const server = sim.hosts[0]
  if (server?.life?.reactor.running) void server.reactor.stop({ drainMs: 5000 })
  await sim.run(20_000)
  hold(sim, protocols)
}

function hold(sim: Simulation, protocols: readonly WebSocketClient[]): void {
  const living = new Set<unknown>(sim.hosts.map(({ life }) => life?.reactor))
  for (const protocol of protocols.filter(({ made }) => made)) {
    const { complaints, losses, connected, transport } = protocol
    const [complaint] = complaints
    if (complaint !== undefined) throw new Error(complaint)
    // Who crashed hears of nothing.
    if (losses > 1 || (connected && living.has(transport.reactor)))
      throw new Error(`a client heard of ${losses} ends`)
  }
  for (const host of sim.hosts) {
    const error = host.life?.reactor.logged.find(({ level }) => level === 'error' || level === 'critical')
    if (error !== undefined) throw new Error(`${host.name} logged ${error.text}`, { cause: error.error })
    const [leak] = host.leaks()
    if (leak !== undefined) throw new Error(`${host.name} has not closed the ${leak.what} ${leak.name}`)
  }
}
