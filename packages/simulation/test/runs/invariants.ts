import {
  type Address,
  type ConnectionPolicy,
  type ConnectionWatch,
  formatAddress,
  type ProtocolEvents,
  type ProtocolFactory,
  type Reactor,
  type Transport,
} from '@ropewalk/core'
import { describeLeak, type SimulatedHost, type Simulation } from '../../src/index.ts'

/**
 * What every run must keep, whatever the network does:
 *
 * - bytes that arrive were sent on that connection: each once, in order, none left out before them; and whoever is told
 *   that the other side has said all has all of it;
 * - a protocol hears of its connection once, of its end once, and of nothing before the one or after the other;
 * - a drain ends by its deadline;
 * - in the end nothing is open that was opened, and nothing was logged as an error.
 *
 * Whoever crashed hears of nothing more, and keeps nothing.
 */
export class Witness implements ConnectionPolicy {
  readonly #sim: Simulation
  readonly #watched: Watched[] = []
  readonly #ways = new Map<string, Way[]>()
  /** What has come in on each connection. */
  readonly #homes = new WeakMap<Transport, Way>()
  readonly #violations: string[] = []

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** As a policy of both ends, sees the bytes of a connection. */
  accepted(transport: Transport): ConnectionWatch {
    const [own, peer] = [keyOf(transport.getHost()), keyOf(transport.getPeer())]
    const [out, home] = [new Way(), new Way()]
    this.#waysOf(`${own} sent to ${peer}`).push(out)
    this.#waysOf(`${own} received from ${peer}`).push(home)
    this.#homes.set(transport, home)
    return {
      written: (data) => out.add(data),
      received: (data) => home.add(data),
    }
  }

  /** Watches what a protocol hears; answers the same one. */
  watch<P extends ProtocolEvents>(protocol: P): P {
    const watched = new Watched(protocol, {
      violations: this.#violations,
      hostOf: ({ reactor }) => this.#hostWhere(({ life }) => life?.reactor === reactor),
      ended: (transport) => this.#homes.get(transport)?.end(),
    })
    this.#watched.push(watched)
    return protocol
  }

  /** Makes a factory's protocols watched; answers the same one. */
  watchAll<P extends ProtocolEvents, F extends ProtocolFactory<P>>(factory: F): F {
    const build = factory.buildProtocol.bind(factory)
    factory.buildProtocol = (peer, session) => {
      const protocol = build(peer, session)
      return protocol && this.watch(protocol)
    }
    return factory
  }

  /** Nobody is at anything any more: nothing but ports may be open. */
  expectNothingUnderWay(): void {
    for (const leak of this.#sim.leaks())
      if (leak.what !== 'port') this.#violations.push(`${describeLeak(leak)}, though nobody is at anything`)
  }

  /** Stops every host that runs, and holds it to its deadline. */
  async drain(drainMs: number): Promise<void> {
    const running = this.#sim.hosts.filter(({ life }) => life?.reactor.running)
    const ends = running.map((host) => this.#end(host, drainMs))
    await this.#sim.run(drainMs + DRAIN_GRACE_MS)
    for (const { host, isOver } of ends)
      if (!isOver())
        this.#violations.push(`${host.name} has not ended ${DRAIN_GRACE_MS} ms after its deadline`)
  }

  /** @throws {Error} with the first that was not kept. */
  hold(): void {
    const living = new Set<Reactor | undefined>(this.#sim.hosts.map(({ life }) => life?.reactor))
    for (const watched of this.#watched) watched.complainUnlessOver(living)
    this.#compareBytes()
    for (const leak of this.#sim.leaks()) this.#violations.push(describeLeak(leak))
    for (const host of this.#sim.hosts) this.#readLog(host)
    const [first] = this.#violations
    if (first !== undefined) throw new Error(first)
  }

  #end(
    host: SimulatedHost,
    drainMs: number,
  ): { readonly host: SimulatedHost; readonly isOver: () => boolean } {
    let isOver = false
    void host.reactor.stop({ drainMs }).then(() => {
      isOver = true
    })
    return { host, isOver: () => isOver }
  }

  #waysOf(name: string): Way[] {
    const ways = this.#ways.get(name) ?? []
    this.#ways.set(name, ways)
    return ways
  }

  #hostWhere(isIt: (host: SimulatedHost) => boolean): string {
    return this.#sim.hosts.find(isIt)?.name ?? 'nobody'
  }

  /** A host that started again may have used an address before: what came must be of one of its connections. */
  #compareBytes(): void {
    for (const [name, ways] of this.#ways) {
      const [to, from] = name.split(' received from ')
      if (from === undefined) continue
      const sent = this.#waysOf(`${from} sent to ${to}`).map((way) => way.bytes)
      const who = `${this.#hostWhere(({ address }) => to?.startsWith(`${address}:`) ?? false)} at ${to}`
      for (const way of ways) {
        const why = way.violationOf(sent)
        if (why !== undefined)
          this.#violations.push(`${who} received ${way.bytes.length} bytes from ${from} ${why}`)
      }
    }
  }

  #readLog({ name, life }: SimulatedHost): void {
    for (const { level, text, error } of life?.reactor.logged ?? [])
      if (level === 'error' || level === 'critical')
        this.#violations.push(
          `${name} logged: ${text}${error instanceof Error ? `: ${String(error.stack)}` : ''}`,
        )
  }
}

/** The bytes of one connection, in one direction, at one end. */
class Way {
  readonly #pieces: Buffer[] = []
  /** How many bytes had come when the protocol was told that no more will. */
  #endedAt: number | undefined

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  add(data: Uint8Array | string): void {
    this.#pieces.push(Buffer.from(data as Uint8Array))
  }

  /** The protocol was told that no more will come. */
  end(): void {
    this.#endedAt = this.bytes.length
  }

  /** What is wrong with what came, when one of `sent` was sent; undefined when nothing is. */
  violationOf(sent: readonly Buffer[]): string | undefined {
    const { bytes } = this
    const begun = sent.filter((whole) => whole.subarray(0, bytes.length).equals(bytes))
    if (bytes.length > 0 && begun.length === 0) return 'that were not sent like this'
    const endedAt = this.#endedAt
    if (endedAt === undefined || sent.length === 0 || begun.some(({ length }) => length === endedAt))
      return undefined
    return `and was told after ${endedAt} of ${sent.map(({ length }) => length).join(' or ')} that this was all`
  }
}

type Stage = 'new' | 'up' | 'lost' | 'replaced'

/** Who hears of what was seen, and who knows where. */
interface WatchedSetup {
  readonly violations: string[]
  readonly hostOf: (transport: Transport) => string
  readonly ended: (transport: Transport) => void
}

/** One protocol, and how far its connection has come. */
class Watched {
  readonly #name: string
  readonly #setup: WatchedSetup
  #stage: Stage = 'new'
  #transport: Transport | undefined
  #host = ''

  constructor(protocol: ProtocolEvents, setup: WatchedSetup) {
    this.#name = protocol.constructor.name
    this.#setup = setup
    this.#before(protocol, 'makeConnection', (transport: Transport) => {
      this.#transport = transport
      this.#host = setup.hostOf(transport)
      this.#expect('new', 'makeConnection', 'up')
    })
    for (const name of WHILE_UP) this.#before(protocol, name, () => this.#expect('up', name, 'up'))
    this.#before(protocol, 'readConnectionLost', () => {
      this.#expect('up', 'readConnectionLost', 'up')
      if (this.#transport !== undefined) setup.ended(this.#transport)
    })
    this.#before(protocol, 'connectionLost', () => this.#expect('up', 'connectionLost', 'lost'))
    // Who does not care is replaced all the same.
    if (!('protocolReplaced' in protocol)) Object.assign(protocol, { protocolReplaced: () => undefined })
    this.#before(protocol, 'protocolReplaced', () => this.#expect('up', 'protocolReplaced', 'replaced'))
  }

  complainUnlessOver(living: ReadonlySet<Reactor | undefined>): void {
    if (this.#stage === 'up' && living.has(this.#transport?.reactor))
      this.#setup.violations.push(`${this.#label} has never heard of its end`)
  }

  get #label(): string {
    const transport = this.#transport
    if (transport === undefined) return `${this.#name}, never connected,`
    const [own, peer] = [formatAddress(transport.getHost()), formatAddress(transport.getPeer())]
    return `${this.#name} of ${this.#host} at ${own}, connected to ${peer},`
  }

  #expect(stage: Stage, callback: string, next: Stage): void {
    if (this.#stage !== stage)
      this.#setup.violations.push(`${this.#label} heard ${callback} when it was ${this.#stage}`)
    this.#stage = next
  }

  #before<N extends keyof ProtocolEvents>(
    protocol: ProtocolEvents,
    name: N,
    note: (...args: Parameters<NonNullable<ProtocolEvents[N]>>) => void,
  ): void {
    const real: unknown = protocol[name]
    if (typeof real !== 'function') return
    const value = (...args: Parameters<NonNullable<ProtocolEvents[N]>>): unknown => {
      note(...args)
      return Reflect.apply(real, protocol, args)
    }
    Object.defineProperty(protocol, name, { value, configurable: true, writable: true })
  }
}

function keyOf(address: Address): string {
  return formatAddress(address)
}

const DRAIN_GRACE_MS = 1000
const WHILE_UP = ['dataReceived', 'writeConnectionLost', 'handshakeCompleted', 'drain'] as const
