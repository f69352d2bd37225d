import { DatagramProtocol, type UDPAddress } from '@ropewalk/core/udp'
import type { HostReactor, Simulation } from '../../src/index.ts'
import { Witness } from './invariants.ts'

/** Replies to each question with its number. */
class Answering extends DatagramProtocol {
  override datagramReceived(data: Buffer, address: UDPAddress): void {
    this.transport.write(data.toString().replace('?', '!'), address)
  }
}

/** Repeats each question until it gets a reply, one question after the other. */
class Asking extends DatagramProtocol {
  readonly answered: number[] = []
  readonly #wanted: number
  readonly #host: string
  #name = ''

  constructor(host: string, wanted: number) {
    super()
    this.#host = host
    this.#wanted = wanted
  }

  override startProtocol(): void {
    this.#name = this.transport.reactor.randomBytes(4).toString('hex')
    this.#ask()
  }

  override datagramReceived(data: Buffer): void {
    const [name, number] = data.toString().split(/[ !]/)
    // An earlier run of this host may have sent questions from the same port.
    if (name === this.#name) this.#received(Number(number))
  }

  /** A reply may be duplicated or late. */
  #received(number: number): void {
    if (number === this.answered.length) this.answered.push(number)
    else if (!(number < this.answered.length))
      throw new Error(`A reply to a question that was not sent: ${number}`)
  }

  #ask(): void {
    const { length } = this.answered
    if (length === this.#wanted || !this.transport.listening) return
    this.transport.write(`${this.#name} ${length}?`, { host: this.#host, port: 7 })
    this.transport.reactor.callLater(500, () => this.#ask())
  }
}

/**
 * Clients repeat questions over UDP, with datagrams lost, duplicated and reordered, and get every reply.
 *
 * @throws {Error} (rejects) when they do not.
 */
export async function datagramRun(sim: Simulation): Promise<void> {
  const [witness, asking]: [Witness, Set<Asking>] = [new Witness(sim), new Set()]
  const start = (reactor: HostReactor): void => void reactor.run({ installSignalHandlers: false })
  const server = sim.host('server', async (reactor) => {
    start(reactor)
    await reactor.listenUDP(7, new Answering())
  })
  for (let at = 0; at < 3; at++)
    sim.host(`client${at}`, async (reactor) => {
      start(reactor)
      const protocol = new Asking(server.address, 20)
      asking.add(protocol)
      await reactor.listenUDP(0, protocol)
    })
  sim.injectFaults({ withinMs: 10_000, most: 10 })
  await sim.run(60_000)
  await witness.drain(5000)
  witness.hold()
  for (const { answered, transport } of asking)
    if (answered.length < 20 && sim.hosts.some(({ life }) => life?.reactor === transport.reactor))
      throw new Error(`only ${answered.length} of 20 questions got a reply`)
}
