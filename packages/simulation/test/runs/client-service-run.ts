import { Factory } from '@ropewalk/core'
import { TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { backoffPolicy, ClientService, ServiceStopped } from '@ropewalk/core/services'
import type { SimulatedHost, Simulation } from '../../src/index.ts'
import { Asking, Upper } from './asking.ts'
import { Witness } from './invariants.ts'

/**
 * A `ClientService` through crashes, partitions and other faults. After the last fault it is connected within
 * its longest delay and the time of one attempt; `whenConnected` always settles; and `stopService` always
 * resolves.
 *
 * @throws {Error} (rejects) when one of these does not hold.
 */
export async function clientServiceRun(sim: Simulation): Promise<void> {
  const witness = new Witness(sim)
  sim.host('server', async (reactor) => {
    void reactor.run({ installSignalHandlers: false })
    await reactor.listenTCP(7, witness.watchAll(Factory.forProtocol(Upper)), { policies: [witness] })
  })
  const services = new Map<SimulatedHost, ClientService<Asking>>()
  for (let at = 0; at < 3; at++) {
    const client: SimulatedHost = sim.host(`client${at}`, (reactor) => {
      void reactor.run({ installSignalHandlers: false })
      const endpoint = new TCPClientEndpoint(reactor, 'server', 7, { timeoutMs: 5000, policies: [witness] })
      const retryPolicy = backoffPolicy({ maxDelayMs: LONGEST_WAIT_MS - 1000 })
      const factory = witness.watchAll(Factory.forProtocol(Asking))
      const service = new ClientService(endpoint, factory, { reactor, retryPolicy })
      services.set(client, service)
      return service.startService()
    })
  }
  sim.injectFaults({ withinMs: 30_000, most: 10, longestMs: 10_000 })
  await sim.run(WELL_AGAIN_MS)
  // The abort after unanswered questions, the longest delay, one attempt, and a margin.
  await sim.run(4000 + LONGEST_WAIT_MS + 5000 + 2000)
  for (const [{ name }, service] of services) await expectConnected(sim, name, service)
  await expectStops(sim, services)
  await witness.drain(5000)
  witness.hold()
}

async function expectConnected(sim: Simulation, name: string, service: ClientService<Asking>): Promise<void> {
  let connected: Asking | undefined
  void service.whenConnected().then((protocol) => {
    connected = protocol
  })
  await sim.run(0)
  if (connected?.connected !== true) throw new Error(`${name} is not connected, long after the last fault`)
  const before = connected.answers
  await sim.run(3000)
  if (connected.answers === before) throw new Error(`${name} gets no replies, long after the last fault`)
}

/** Stops all services; in about half of the runs the server is down, so that they are not connected. */
async function expectStops(
  sim: Simulation,
  services: ReadonlyMap<SimulatedHost, ClientService<Asking>>,
): Promise<void> {
  const [server] = sim.hosts
  if (sim.random.chance(0.5)) server?.crash()
  await sim.run(sim.random.between(0, 20_000))
  const waiting: unknown[] = []
  let stopped = 0
  for (const service of services.values()) {
    void service.whenConnected().catch((error: unknown) => waiting.push(error))
    void service.stopService().then(() => stopped++)
    void service.whenConnected().catch((error: unknown) => waiting.push(error))
  }
  await sim.run(150_000)
  if (stopped < services.size) throw new Error(`${services.size - stopped} services have not stopped`)
  const other = waiting.find((error) => !(error instanceof ServiceStopped))
  if (other !== undefined)
    throw new Error('whenConnected rejected with an error other than ServiceStopped', { cause: other })
  if (waiting.length < services.size) throw new Error('whenConnected of a stopped service did not reject')
}

const LONGEST_WAIT_MS = 10_000
/** The last fault begins within 30 s and lasts 10 s at most; one more second for retransmissions. */
const WELL_AGAIN_MS = 41_000
