import { AsyncLocalStorage } from 'node:async_hooks'
import { type Arrow, type DiagramOptions, mermaidDiagram, textDiagram } from './diagram.ts'
import { describeFault, type Fault, type FaultKind, type FaultPlan, randomFaults } from './faults.ts'
import { type HostProgram, SimulatedHost } from './host/simulated-host.ts'
import type { FlowLimits } from './network/flow.ts'
import type { LinkConditions } from './network/link.ts'
import { inject } from './inject.ts'
import type { Leak } from './leak.ts'
import { Network } from './network/network.ts'
import { Random } from './random.ts'
import { settled } from './real/real-time.ts'
import { Timeline } from './time/timeline.ts'
import { Trace } from './trace.ts'

/** How a simulation is made. */
export interface SimulationOptions {
  /** What everything that looks like chance follows from. */
  readonly seed: string | number
  /** How every link behaves unless told otherwise. Default: 1 to 20 ms, nothing lost, 10 MB a second. */
  readonly link?: Partial<LinkConditions>
  /** How the systems of the hosts behave. */
  readonly limits?: Partial<FlowLimits>
  /** Which faults of the scripts of `injectFaults` happen, by their place. Default: all. */
  readonly faults?: ReadonlySet<number>
}

/** A run has failed; `seed` makes it fail again. */
export class SimulationFailed extends Error {
  override readonly name = 'SimulationFailed'
  readonly seed: string
  /** Virtual time of the failure. */
  readonly atMs: number

  constructor(seed: string, atMs: number, why: string, cause: unknown) {
    const explained = cause instanceof Error ? `: ${cause.message}` : ''
    super(`Seed ${seed} at ${atMs.toFixed(3)} ms: ${why}${explained}`, { cause })
    this.seed = seed
    this.atMs = atMs
  }
}

/**
 * A network of hosts in one process, without sockets and without waiting: time is virtual, and all that
 * happens follows from the seed.
 *
 *     const sim = new Simulation({ seed: 1 })
 *     sim.host('server', (reactor) => reactor.listenTCP(7, factory))
 *     sim.host('client', (reactor) => connectProtocol(new TCPClientEndpoint(reactor, 'server', 7), protocol))
 *     await sim.run(60_000)
 */
export class Simulation {
  readonly seed: string
  readonly random: Random
  readonly trace: Trace
  readonly network: Network<SimulatedHost>
  /** Every fault that `injectFaults` has planned. */
  readonly script: Fault[] = []
  /** How many faults of each kind have happened. */
  readonly faultsSeen: Partial<Record<FaultKind, number>> = {}
  readonly #wantsFault: (at: number) => boolean
  readonly #timeline = new Timeline()
  readonly #hosts = new Map<string, SimulatedHost>()
  #ran = false
  #events = 0
  #eventsNow = 0
  #failure: SimulationFailed | undefined

  constructor({ seed, link = {}, limits = {}, faults }: SimulationOptions) {
    this.seed = String(seed)
    this.#wantsFault = (at) => faults?.has(at) ?? true
    this.random = new Random(this.seed)
    this.trace = new Trace(() => this.#timeline.nowMs)
    this.network = new Network({
      timeline: this.#timeline,
      random: this.random.fork('network'),
      trace: this.trace,
      conditions: { ...DEFAULT_LINK, ...link },
      limits: { ...DEFAULT_LIMITS, ...limits },
      stations: () => this.#hosts.values(),
    })
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#timeline.nowMs
  }

  /** Adds a host, by which name others reach it, and starts it. */
  host(name: string, program: HostProgram): SimulatedHost {
    if (this.#hosts.has(name)) throw new Error(`Cannot add a second host of the name ${name}`)
    const { network } = this
    const address = `10.0.${this.#hosts.size >> 8}.${(this.#hosts.size & 255) + 1}`
    const host = new SimulatedHost({
      name,
      address,
      network,
      random: this.random.fork(name),
      program,
      run: (runs, call) => this.#run(runs, call),
    })
    this.#hosts.set(name, host)
    network.names.set(name, [address])
    host.start()
    return host
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events
  }

  /** Every host, in the order in which they were added. */
  get hosts(): readonly SimulatedHost[] {
    return [...this.#hosts.values()]
  }

  /** Makes `call` happen at a moment of virtual time, in milliseconds since the beginning. */
  at(ms: number, call: () => unknown): void {
    this.#timeline.at(ms, () => {
      this.#ran = true
      call()
    })
  }

  /** Nothing passes between the two hosts, or with `oneWay` from the first to the second, until `heal`. */
  partition(
    one: SimulatedHost,
    other: SimulatedHost,
    { oneWay = false }: { readonly oneWay?: boolean } = {},
  ): void {
    this.trace.note(one.name, `${oneWay ? 'cannot reach' : 'is cut off from'} ${other.name}`)
    this.network.link(one, other).setCut(true)
    if (!oneWay) this.network.link(other, one).setCut(true)
  }

  /** Lets everything pass between the two hosts again. */
  heal(one: SimulatedHost, other: SimulatedHost): void {
    this.trace.note(one.name, `is connected with ${other.name} again`)
    for (const link of this.network.between(one, other)) link.setCut(false)
  }

  /**
   * Makes faults happen between the hosts there are, each at its moment from now; what follows from the seed.
   *
   * @returns the script; `faults` of the options can leave some of it out.
   */
  injectFaults(plan: FaultPlan): readonly Fault[] {
    const random = this.random.fork(`faults ${this.script.length}`)
    const script = randomFaults(random, [...this.#hosts.keys()], plan)
    const before = this.script.length
    this.script.push(...script)
    for (const [at, fault] of script.entries()) if (this.#wantsFault(before + at)) this.inject(fault)
    return script
  }

  /** Makes one fault happen, `atMs` from now. */
  inject(fault: Fault): void {
    const [one, other] = [this.#hostNamed(fault.one), this.#hostNamed(fault.other)]
    this.#timeline.after(fault.atMs, () => {
      this.trace.note(fault.one, `fault: ${describeFault(fault)}`)
      this.faultsSeen[fault.kind] = (this.faultsSeen[fault.kind] ?? 0) + 1
      const mend = inject(fault, one, other)
      this.#timeline.after(fault.forMs, mend)
    })
  }

  /** What happened so far as text: a column for each host, a line for each packet. */
  diagram({ fromMs = 0, untilMs = Infinity }: DiagramOptions = {}): string {
    return textDiagram([...this.#hosts.keys()], this.#arrowsWithin(fromMs, untilMs))
  }

  /** The same as a Mermaid sequence diagram. */
  mermaid({ fromMs = 0, untilMs = Infinity }: DiagramOptions = {}): string {
    return mermaidDiagram([...this.#hosts.keys()], this.#arrowsWithin(fromMs, untilMs))
  }

  /** What the hosts that are up have not closed. */
  leaks(): readonly Leak[] {
    return this.hosts.flatMap((host) => host.leaks())
  }

  /** Lets `ms` milliseconds of virtual time pass. @throws {SimulationFailed} (rejects) when a host fails. */
  async run(ms: number): Promise<void> {
    const until = this.#timeline.nowMs + ms
    await settled()
    while (this.#timeline.nextMs <= until) await this.#step()
    this.#timeline.moveTo(until)
    this.#throwIfFailed()
  }

  /** Lets time pass until `condition` holds. @throws {SimulationFailed} (rejects) when it does not within `timeoutMs`. */
  async runUntil(
    condition: () => boolean,
    { timeoutMs = 600_000 }: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const until = this.#timeline.nowMs + timeoutMs
    // What was begun outside of any event, such as by a test, goes on first.
    await settled()
    while (!condition()) {
      if (this.#timeline.nextMs > until) this.#fail('What was waited for did not come', undefined)
      else await this.#step()
      this.#throwIfFailed()
    }
  }

  /** Lets time pass until nothing more would ever happen. */
  async runUntilIdle(): Promise<void> {
    while (this.#timeline.nextMs < Infinity) await this.#step()
    this.#throwIfFailed()
  }

  #arrowsWithin(fromMs: number, untilMs: number): readonly Arrow[] {
    return this.trace.arrows.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
  }

  #hostNamed(name: string): SimulatedHost {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new Error(`Cannot find a host of the name ${name}`)
    return host
  }

  async #step(): Promise<void> {
    this.#events++
    const before = this.#timeline.nowMs
    this.#ran = false
    this.#timeline.step()
    this.#eventsNow = this.#timeline.nowMs === before ? this.#eventsNow + 1 : 0
    if (this.#eventsNow > MAX_EVENTS_NOW)
      this.#fail(`${MAX_EVENTS_NOW} events later time stands still`, undefined)
    // What promises do belongs to the event in which they go on.
    if (this.#ran) await settled()
    this.#throwIfFailed()
  }

  #run(host: SimulatedHost, call: () => unknown): void {
    this.#ran = true
    try {
      const answer = RUNNING.run(host, call)
      if (answer instanceof Promise)
        answer.catch((error: unknown) => this.#fail(`${host.name} failed`, error))
    } catch (error) {
      this.#fail(`${host.name} failed`, error)
    }
  }

  #fail(why: string, cause: unknown): void {
    this.#failure ??= new SimulationFailed(this.seed, this.#timeline.nowMs, why, cause)
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

const MAX_EVENTS_NOW = 100_000
/** The host to which the code that runs belongs. */
const RUNNING = new AsyncLocalStorage<SimulatedHost>()

const DEFAULT_LINK: LinkConditions = {
  latencyMs: [1, 20],
  lossPerMille: 0,
  duplicatesPerMille: 0,
  bytesPerSecond: 10_000_000,
}
const DEFAULT_LIMITS: FlowLimits = {
  sendBufferBytes: 65_536,
  receiveBufferBytes: 65_536,
  giveUpMs: 120_000,
  cuts: 'anywhere',
}
