import {
  type Address,
  formatAddress,
  type ProtocolEvents,
  type ProtocolFactory,
  type Reactor,
  type Transport,
} from '@ropewalk/core'
import type { ConnectionPolicy, ConnectionWatch } from '@ropewalk/core/policies'
import { describeLeak, type SimulatedHost, type Simulation } from '../../src/index.ts'

/**
 * Checks the rules that hold in every run, whatever the network does:
 *
 * - The bytes received on a connection are those that the peer sent on it: each once, in order, without gaps.
 *   A protocol that is notified of the FIN has received all of them.
 * - A protocol is called once when its connection is made and once when it is lost, and not before the one or
 *   after the other.
 * - A stop ends by its deadline.
 * - At the end everything that was opened is closed, and nothing was logged as an error.
 *
 * The rules do not apply to protocols on a host that has crashed.
 */
export class Witness implements ConnectionPolicy {
  readonly #sim: Simulation
  readonly #watched: Watched[] = []
  readonly #ways = new Map<string, Way[]>()
  /** The bytes received on each connection. */
  readonly #homes = new WeakMap<Transport, Way>()
  readonly #violations: string[] = []

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** Called as a policy at both ends: records the bytes of a connection. */
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

  /** Watches the callbacks of a protocol. @returns the same protocol. */
  watch<P extends ProtocolEvents>(protocol: P): P {
    const watched = new Watched(protocol, {
      violations: this.#violations,
      hostOf: ({ reactor }) => this.#hostWhere(({ life }) => life?.reactor === reactor),
      ended: (transport) => this.#homes.get(transport)?.end(),
    })
    this.#watched.push(watched)
    return protocol
  }

  /** Watches all protocols that a factory builds. @returns the same factory. */
  watchAll<P extends ProtocolEvents, F extends ProtocolFactory<P>>(factory: F): F {
    const build = factory.buildProtocol.bind(factory)
    factory.buildProtocol = (peer, session) => {
      const protocol = build(peer, session)
      return protocol && this.watch(protocol)
    }
    return factory
  }

  /** Reports everything that is open except ports. To be called when all work should be done. */
  expectNothingUnderWay(): void {
    for (const leak of this.#sim.leaks())
      if (leak.what !== 'port')
        this.#violations.push(`${describeLeak(leak)}, although all work should be done`)
  }

  /** Stops every host whose reactor runs, and reports those that miss the deadline. */
  async drain(drainMs: number): Promise<void> {
    const running = this.#sim.hosts.filter(({ life }) => life?.reactor.running)
    const ends = running.map((host) => this.#end(host, drainMs))
    await this.#sim.run(drainMs + DRAIN_GRACE_MS)
    for (const { host, isOver } of ends)
      if (!isOver())
        this.#violations.push(`${host.name} has not stopped ${DRAIN_GRACE_MS} ms after its deadline`)
  }

  /** Makes the final checks. @throws {Error} with the first violation. */
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
    return this.#sim.hosts.find(isIt)?.name ?? 'an unknown host'
  }

  /**
   * A restarted host may reuse an address, so the bytes received must match one of the connections with that
   * name.
   */
  #compareBytes(): void {
    for (const [name, ways] of this.#ways) {
      const [to, from] = name.split(' received from ')
      if (from === undefined) continue
      const sent = this.#waysOf(`${from} sent to ${to}`).map((way) => way.bytes)
      const receiver = `${this.#hostWhere(({ address }) => to?.startsWith(`${address}:`) ?? false)} at ${to}`
      for (const way of ways) {
        const why = way.violationOf(sent)
        if (why !== undefined)
          this.#violations.push(`${receiver} received ${way.bytes.length} bytes from ${from} ${why}`)
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
  /** How many bytes had been received when the protocol was notified of the FIN. */
  #endedAt: number | undefined

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  add(data: Uint8Array | string): void {
    this.#pieces.push(Buffer.from(data as Uint8Array))
  }

  /** The protocol was notified of the FIN. */
  end(): void {
    this.#endedAt = this.bytes.length
  }

  /** Returns what is wrong if the peer sent one of `sent`; undefined when nothing is. */
  violationOf(sent: readonly Buffer[]): string | undefined {
    const { bytes } = this
    const begun = sent.filter((whole) => whole.subarray(0, bytes.length).equals(bytes))
    if (bytes.length > 0 && begun.length === 0) return 'that differ from those sent'
    const endedAt = this.#endedAt
    if (endedAt === undefined || sent.length === 0 || begun.some(({ length }) => length === endedAt))
      return undefined
    return `and was notified of the FIN after ${endedAt} of ${sent.map(({ length }) => length).join(' or ')}`
  }
}

type Stage = 'new' | 'up' | 'lost' | 'replaced'

/** What a `Watched` reports to, and how it finds the host of a transport. */
interface WatchedSetup {
  readonly violations: string[]
  readonly hostOf: (transport: Transport) => string
  readonly ended: (transport: Transport) => void
}

/** One protocol, and the state of its connection. */
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
    // A protocol without this callback can be replaced too, so that the callback is added.
    if (!('protocolReplaced' in protocol)) Object.assign(protocol, { protocolReplaced: () => undefined })
    this.#before(protocol, 'protocolReplaced', () => this.#expect('up', 'protocolReplaced', 'replaced'))
  }

  complainUnlessOver(living: ReadonlySet<Reactor | undefined>): void {
    if (this.#stage === 'up' && living.has(this.#transport?.reactor))
      this.#setup.violations.push(`${this.#label} was never notified of its end`)
  }

  get #label(): string {
    const transport = this.#transport
    if (transport === undefined) return `${this.#name}, never connected,`
    const [own, peer] = [formatAddress(transport.getHost()), formatAddress(transport.getPeer())]
    return `${this.#name} of ${this.#host} at ${own}, connected to ${peer},`
  }

  #expect(stage: Stage, callback: string, next: Stage): void {
    if (this.#stage !== stage)
      this.#setup.violations.push(`${this.#label} was called with ${callback} in the state ${this.#stage}`)
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
