import { backoffPolicy, ClientService } from '@ropewalk/core/services'
import { Site } from '@ropewalk/http'
import {
  WebSocketClientEndpoint,
  WebSocketClientFactory,
  WebSocketProtocol,
  WebSocketResource,
} from '@ropewalk/websocket'
import type { SimulatedHost, Simulation } from '../../src/index.ts'
import { Witness } from './invariants.ts'

/**
 * WebSocket clients that a `ClientService` keeps connected, through crashes, partitions and other faults. On each
 * connection the replies come in order, without gaps; after the last fault every client is connected again, within its
 * longest delay and the time of one attempt; and `stopService` always resolves.
 *
 * @throws {Error} (rejects) when one of these does not hold.
 */
export async function webSocketClientRun(sim: Simulation): Promise<void> {
  const witness = new Witness(sim)
  sim.host('server', async (reactor) => {
    void reactor.run({ installSignalHandlers: false })
    const site = new Site(WebSocketResource.forProtocol(Echo))
    await reactor.listenTCP(80, witness.watchAll(site), { policies: [witness] })
  })
  const services = new Map<SimulatedHost, ClientService<Counting>>()
  const faults: string[] = []
  for (let at = 0; at < 3; at++) {
    const client: SimulatedHost = sim.host(`client${at}`, (reactor) => {
      void reactor.run({ installSignalHandlers: false })
      let attempts = 0
      const endpoint = new WebSocketClientEndpoint(reactor, 'ws://server/', {
        connection: { timeoutMs: ATTEMPT_MS, policies: [witness] },
        handshakeTimeoutMs: ATTEMPT_MS,
        headers: () => ({ 'X-Attempt': `${++attempts}` }),
      })
      const retryPolicy = backoffPolicy({ maxDelayMs: LONGEST_WAIT_MS - 1000 })
      const factory = WebSocketClientFactory.forProtocol(Counting, faults)
      const service = new ClientService(endpoint, factory, { reactor, retryPolicy })
      services.set(client, service)
      return service.startService()
    })
  }
  sim.injectFaults({ withinMs: 30_000, most: 10, longestMs: 10_000 })
  await sim.run(WELL_AGAIN_MS)
  await sim.run(UNANSWERED * 1000 + LONGEST_WAIT_MS + 2 * ATTEMPT_MS + 2000)
  for (const [{ name }, service] of services) await expectConnected(sim, name, service)
  let stopped = 0
  for (const service of services.values()) void service.stopService().then(() => stopped++)
  await sim.run(10_000)
  if (stopped < services.size) throw new Error(`${services.size - stopped} services have not stopped`)
  if (faults.length > 0) throw new Error(faults[0])
  await witness.drain(10_000)
  witness.hold()
}

async function expectConnected(
  sim: Simulation,
  name: string,
  service: ClientService<Counting>,
): Promise<void> {
  let connected: Counting | undefined
  void service.whenConnected().then((protocol) => {
    connected = protocol
  })
  await sim.run(0)
  if (connected?.transport.open !== true)
    throw new Error(`${name} is not connected, long after the last fault`)
  const before = connected.replies
  await sim.run(3000)
  if (connected.replies === before) throw new Error(`${name} gets no replies, long after the last fault`)
}

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    this.transport.sendTextMessage(text)
  }
}

/** Sends a number every second, and aborts when too many have no reply. */
class Counting extends WebSocketProtocol {
  replies = 0
  #sent = 0
  readonly #faults: string[]

  constructor(faults: string[]) {
    super()
    this.#faults = faults
  }

  override negotiationFinished(): void {
    this.#send()
  }

  override textMessageReceived(text: string): void {
    if (text !== `${this.replies}`) this.#faults.push(`received ${text} as reply ${this.replies}`)
    this.replies++
  }

  #send(): void {
    const { transport } = this
    if (!transport.open) return
    if (this.#sent - this.replies > UNANSWERED) return transport.abortConnection(new Error('no reply'))
    transport.sendTextMessage(`${this.#sent++}`)
    transport.reactor.callLater(1000, () => this.#send())
  }
}

const UNANSWERED = 3
const ATTEMPT_MS = 5000
const LONGEST_WAIT_MS = 10_000
/** The last fault begins within 30 s and lasts 10 s at most; one more second for retransmissions. */
const WELL_AGAIN_MS = 41_000
