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
 * - bytes that arrive were sent on that connection: each once, in order, none left out before them;
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
    return {
      written: (data) => out.add(data),
      received: (data) => home.add(data),
    }
  }

  /** Watches what a protocol hears; answers the same one. */
  watch<P extends ProtocolEvents>(protocol: P): P {
    const watched = new Watched(protocol, this.#violations)
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

  /** A host that started again may have used an address before: what came must be of one of its connections. */
  #compareBytes(): void {
    for (const [name, ways] of this.#ways) {
      const [to, from] = name.split(' received from ')
      if (from === undefined) continue
      const sent = this.#waysOf(`${from} sent to ${to}`).map((way) => way.bytes)
      for (const { bytes } of ways)
        if (bytes.length > 0 && !sent.some((whole) => whole.subarray(0, bytes.length).equals(bytes)))
          this.#violations.push(
            `${to} received ${bytes.length} bytes from ${from} that were not sent like this`,
          )
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

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  add(data: Uint8Array | string): void {
    this.#pieces.push(Buffer.from(data as Uint8Array))
  }
}

type Stage = 'new' | 'up' | 'lost' | 'replaced'

/** One protocol, and how far its connection has come. */
class Watched {
  readonly #name: string
  readonly #violations: string[]
  #stage: Stage = 'new'
  #transport: Transport | undefined

  constructor(protocol: ProtocolEvents, violations: string[]) {
    this.#name = protocol.constructor.name
    this.#violations = violations
    this.#before(protocol, 'makeConnection', (transport: Transport) => {
      this.#transport = transport
      this.#expect('new', 'makeConnection', 'up')
    })
    for (const name of WHILE_UP) this.#before(protocol, name, () => this.#expect('up', name, 'up'))
    this.#before(protocol, 'connectionLost', () => this.#expect('up', 'connectionLost', 'lost'))
    this.#before(protocol, 'protocolReplaced', () => this.#expect('up', 'protocolReplaced', 'replaced'))
  }

  complainUnlessOver(living: ReadonlySet<Reactor | undefined>): void {
    if (this.#stage === 'up' && living.has(this.#transport?.reactor))
      this.#violations.push(`${this.#label} has never heard of its end`)
  }

  get #label(): string {
    const transport = this.#transport
    if (transport === undefined) return `${this.#name}, never connected,`
    return `${this.#name} of ${formatAddress(transport.getHost())}, connected to ${formatAddress(transport.getPeer())},`
  }

  #expect(stage: Stage, callback: string, next: Stage): void {
    if (this.#stage !== stage)
      this.#violations.push(`${this.#label} heard ${callback} when it was ${this.#stage}`)
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
const WHILE_UP = [
  'dataReceived',
  'readConnectionLost',
  'writeConnectionLost',
  'handshakeCompleted',
  'drain',
] as const
