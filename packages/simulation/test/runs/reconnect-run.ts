import { type Connector, Factory, LineReceiver, ReconnectingClientFactory } from '@ropewalk/core'
import type { SimulatedHost, Simulation } from '../../src/index.ts'
import { Witness } from './invariants.ts'

class Upper extends LineReceiver {
  override lineReceived(line: Buffer): void {
    this.sendLine(line.toString().toUpperCase())
  }
}

/** Connects whenever it is not connected. */
class Calling extends ReconnectingClientFactory<Asking> {
  override readonly maxDelayMs = LONGEST_WAIT_MS
  /** Over all its connections. */
  answers = 0

  override buildProtocol(): Asking {
    return new Asking(this)
  }
}

/** Asks every second, and goes when no answer comes for three. */
class Asking extends LineReceiver {
  readonly #calling: Calling
  #unanswered = 0

  constructor(calling: Calling) {
    super()
    this.#calling = calling
  }

  override connectionMade(): void {
    this.#ask()
  }

  override lineReceived(): void {
    this.#unanswered = 0
    this.#calling.answers++
    this.#calling.resetDelay()
  }

  #ask(): void {
    if (!this.connected) return
    if (this.#unanswered++ > 3) return this.transport.abortConnection(new Error('no answer'))
    this.sendLine('are you there?')
    this.transport.reactor.callLater(1000, () => this.#ask())
  }
}

/**
 * A factory that connects again, through crashes, partitions and whatever else: once the network is well again it is
 * connected within its longest wait and the time of an attempt. Who was told to stop trying stays as it is, and a reactor
 * that stops is not kept by those who would try again.
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
      throw new Error(`${host.name} gets no answers, though all has been well for long`)
  const [given] = calls.values()
  if (given !== undefined) await expectGivenUp(sim, given)
  await witness.drain(5000)
  witness.hold()
}

/** The server goes, and comes back: who has been told to stop trying does not. */
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
  if (connector.state !== 'disconnected') throw new Error(`who has stopped trying is ${connector.state}`)
}

const LONGEST_WAIT_MS = 8000
const WELL_AGAIN_MS = 41_000
/** What is not answered is noticed after five seconds; then it waits, with some chance in it, and tries. */
const BACK_WITHIN_MS = 5000 + LONGEST_WAIT_MS * 1.6 + 5000 + 2000
