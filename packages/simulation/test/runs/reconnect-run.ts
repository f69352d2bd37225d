import { type Connector, Factory, ReconnectingClientFactory } from '@ropewalk/core'
import type { SimulatedHost, Simulation } from '../../src/index.ts'
import { Asking, Upper } from './asking.ts'
import { Witness } from './invariants.ts'

/** Reconnects whenever its connection is lost. */
class Calling extends ReconnectingClientFactory<Asking> {
  override readonly maxDelayMs = LONGEST_WAIT_MS
  /** Replies received over all its connections. */
  answers = 0
  hasStopped = false

  override stopTrying(): void {
    this.hasStopped = true
    super.stopTrying()
  }

  override buildProtocol(): Asking {
    return new CountedAsking(this)
  }
}

/** Counts the replies of its factory, and resets the delay of that at each. */
class CountedAsking extends Asking {
  readonly #calling: Calling

  constructor(calling: Calling) {
    super()
    this.#calling = calling
  }

  override lineReceived(): void {
    super.lineReceived()
    this.#calling.answers++
    // A reply may arrive after stopTrying, and resetDelay would end its effect.
    if (!this.#calling.hasStopped) this.#calling.resetDelay()
  }
}

/**
 * A `ReconnectingClientFactory` through crashes, partitions and other faults. After the last fault it is
 * connected within its longest delay and the time of one attempt. After `stopTrying` it stays disconnected,
 * and a factory that waits for its next attempt does not delay the stop of its reactor.
 *
 * @throws {Error} (rejects) when one of these does not hold.
 */
export async function reconnectRun(sim: Simulation): Promise<void> {
  const witness = new Witness(sim)
  sim.host('server', async (reactor) => {
    void reactor.run({ installSignalHandlers: false })
    await reactor.listenTCP(7, witness.watchAll(Factory.forProtocol(Upper)), { policies: [witness] })
  })
  const calls = new Map<SimulatedHost, { readonly calling: Calling; readonly connector: Connector }>()
  for (let at = 0; at < 3; at++) {
    const client: SimulatedHost = sim.host(`client${at}`, (reactor) => {
      void reactor.run({ installSignalHandlers: false })
      const calling = witness.watchAll(new Calling({ reactor }))
      const connector = reactor.connectTCP('server', 7, calling, { timeoutMs: 5000, policies: [witness] })
      calls.set(client, { calling, connector })
    })
  }
  sim.injectFaults({ withinMs: 30_000, most: 10, longestMs: 10_000 })
  await sim.run(WELL_AGAIN_MS + BACK_WITHIN_MS)
  const before = new Map(Array.from(calls, ([host, { calling }]) => [host, calling.answers]))
  await sim.run(3000)
  for (const [host, { calling }] of calls)
    if (calling.answers === before.get(host))
      throw new Error(`${host.name} gets no replies, long after the last fault`)
  const [given] = calls.values()
  if (given !== undefined) await expectGivenUp(sim, given)
  await witness.drain(5000)
  witness.hold()
}

/** Calls `stopTrying`, crashes and restarts the server, and expects that the factory does not reconnect. */
async function expectGivenUp(
  sim: Simulation,
  { calling, connector }: { readonly calling: Calling; readonly connector: Connector },
): Promise<void> {
  const [server] = sim.hosts
  calling.stopTrying()
  server?.crash()
  await sim.run(sim.random.between(0, 20_000))
  server?.start()
  await sim.run(BACK_WITHIN_MS)
  if (connector.state !== 'disconnected')
    throw new Error(`after stopTrying the connector is ${connector.state}`)
}

const LONGEST_WAIT_MS = 8000
const WELL_AGAIN_MS = 41_000
/**
 * The abort after unanswered questions, the longest delay with its random part, one attempt, and a margin.
 */
const BACK_WITHIN_MS = 5000 + LONGEST_WAIT_MS * 1.6 + 5000 + 2000
