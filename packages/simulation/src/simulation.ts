import {
  checkOptions,
  checkValue,
  either,
  flag,
  having,
  milliseconds,
  type OptionRule,
  type OptionRules,
  optionsOf,
  quantity,
  text,
  withDefaults,
} from '@ropewalk/core/options'
import { FLOW_RULES, LINK_RULES } from './network/network-rules.ts'
import { type Arrow, type DiagramOptions, mermaidDiagram, textDiagram } from './diagram/text-diagram.ts'
import { svgDiagram } from './diagram/svg-diagram.ts'
import { FaultScript } from './fault-script.ts'
import { type Fault, FAULT_PLAN_RULES, type FaultKind, type FaultPlan } from './faults.ts'
import { type HostProgram, SimulatedHost } from './host/simulated-host.ts'
import type { Leak } from './call-site.ts'
import type { FlowLimits } from './network/flow.ts'
import type { Link, LinkConditions } from './network/link.ts'
import { Network } from './network/network.ts'
import { Capture } from './replay/capture.ts'
import { Random } from './random.ts'
import { RunLoop } from './run-loop.ts'
import { EventQueue } from './time/event-queue.ts'
import { Trace } from './trace.ts'

/** How a simulation is made. */
export interface SimulationOptions {
  /** What everything that looks like chance follows from. */
  readonly seed: string | number
  /** How every link behaves unless told otherwise. Default: 1 to 20 ms, nothing lost, 10 MB a second. */
  readonly link?: Partial<LinkConditions> | undefined
  /** How the systems of the hosts behave. */
  readonly limits?: Partial<FlowLimits> | undefined
  /** Which faults of the scripts of `injectFaults` happen, by their place. Default: all. */
  readonly faults?: ReadonlySet<number> | undefined
  /**
   * Makes `Math.random`, `Date`, `performance.now`, and of `crypto` `randomBytes`, `randomInt`, `randomUUID`,
   * `randomFillSync` and `getRandomValues` follow the seed and the host's clock, for code that runs in a host.
   * While time passes they are replaced in the whole process; elsewhere they answer as ever. Default false.
   */
  readonly seedGlobals?: boolean | undefined
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
  readonly #events = new EventQueue()
  readonly #hosts = new Map<string, SimulatedHost>()
  readonly #loop: RunLoop
  readonly #faults: FaultScript

  /** @throws {TypeError | RangeError} for an option that is not one, or has a value that it cannot have. */
  constructor(options: SimulationOptions) {
    checkOptions('Simulation', options, SIMULATION_RULES)
    const { seed, link, limits, faults, seedGlobals = false } = options
    const [events, hosts] = [this.#events, this.#hosts]
    this.seed = String(seed)
    this.random = new Random(this.seed)
    this.trace = new Trace(() => events.nowMs)
    this.#loop = new RunLoop({ seed: this.seed, events, seedGlobals })
    this.#faults = new FaultScript({
      events,
      random: this.random,
      trace: this.trace,
      hosts,
      wanted: faults,
    })
    this.network = new Network({
      events,
      random: this.random.fork('network'),
      trace: this.trace,
      conditions: withDefaults('a link', DEFAULT_LINK, link, LINK_RULES),
      limits: withDefaults('a host', DEFAULT_LIMITS, limits, FLOW_RULES),
      stations: () => hosts.values(),
    })
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#events.nowMs
  }

  /** Whether time passes now: somebody awaits `run` or its like. */
  get isRunning(): boolean {
    return this.#loop.isRunning
  }

  /** How many events have happened. */
  get events(): number {
    return this.#loop.events
  }

  /** Every fault that `injectFaults` has planned. */
  get script(): readonly Fault[] {
    return this.#faults.planned
  }

  /** How many faults of each kind have happened. */
  get faultsSeen(): Readonly<Partial<Record<FaultKind, number>>> {
    return this.#faults.seen
  }

  /** Every host, in the order in which they were added. */
  get hosts(): readonly SimulatedHost[] {
    return [...this.#hosts.values()]
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
      run: (runs, call) => this.#loop.execute(runs, call),
    })
    this.#hosts.set(name, host)
    network.names.set(name, [address])
    host.start()
    return host
  }

  /** Makes `call` happen at a moment of virtual time, in milliseconds since the beginning. */
  at(ms: number, call: () => unknown): void {
    this.#events.at(ms, () => {
      this.#loop.happens()
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
    checkOptions('injectFaults', plan, FAULT_PLAN_RULES)
    return this.#faults.plan(plan)
  }

  /** Makes one fault happen, `atMs` from now. */
  inject(fault: Fault): void {
    this.#faults.inject(fault)
  }

  /** What happened so far as text: a column for each host, a line for each packet. */
  diagram(options: DiagramOptions = {}): string {
    return textDiagram([...this.#hosts.keys()], this.#arrowsWithin(options))
  }

  /** The same as a picture, an SVG document, in which packets take their time. */
  svg(options: DiagramOptions = {}): string {
    return svgDiagram([...this.#hosts.keys()], this.#arrowsWithin(options))
  }

  /** The same as a Mermaid sequence diagram. */
  mermaid(options: DiagramOptions = {}): string {
    return mermaidDiagram([...this.#hosts.keys()], this.#arrowsWithin(options))
  }

  /**
   * Captures from now on what comes out of connections over a link, such as `sim.network.link(client, server)`:
   * to look at, or to replay.
   */
  capture(link: Link): Capture {
    return new Capture(link)
  }

  /** What the hosts that are up have not closed. */
  leaks(): readonly Leak[] {
    return this.hosts.flatMap((host) => host.leaks())
  }

  /** What reactors keep for connections, although none of theirs is up: a line each. It is a fault in any run. */
  leftovers(): readonly string[] {
    return this.hosts.flatMap((host) => host.leftovers().map((kept) => `${host.name} keeps ${kept}`))
  }

  /** Lets `ms` milliseconds of virtual time pass. @throws {SimulationFailed} (rejects) when a host fails. */
  async run(ms: number): Promise<void> {
    checkValue('run', 'ms', ms, milliseconds())
    return this.#loop.run(ms)
  }

  /** Lets time pass until `condition` holds. @throws {SimulationFailed} (rejects) when it does not within `timeoutMs`. */
  async runUntil(condition: () => boolean, options: { readonly timeoutMs?: number } = {}): Promise<void> {
    checkOptions('runUntil', options, RUN_UNTIL_RULES)
    const { timeoutMs = 600_000 } = options
    return this.#loop.runUntil(condition, timeoutMs)
  }

  /** Lets time pass until nothing more would ever happen. @throws {SimulationFailed} (rejects) when a host fails. */
  runUntilIdle(): Promise<void> {
    return this.#loop.runUntilIdle()
  }

  #arrowsWithin({ fromMs = 0, untilMs = Infinity }: DiagramOptions): readonly Arrow[] {
    return this.trace.arrows.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
  }
}

const DEFAULT_LINK: LinkConditions = {
  latencyMs: [1, 20],
  lossPerMille: 0,
  duplicatesPerMille: 0,
  bytesPerSecond: 10_000_000,
}
const DEFAULT_LIMITS: FlowLimits = {
  sendBufferBytes: 65_536,
  receiveBufferBytes: 65_536,
  segmentBytes: 1460,
  giveUpMs: 120_000,
  cuts: 'anywhere',
}

const SEED: OptionRule = either(text, quantity({ least: -Infinity }), 'a string or a number')
/** What a simulation accepts. */
export const SIMULATION_RULES: OptionRules<SimulationOptions> = {
  seed: SEED,
  link: optionsOf(LINK_RULES),
  limits: optionsOf(FLOW_RULES),
  faults: having('a Set of places in the scripts', 'has'),
  seedGlobals: flag,
}
const RUN_UNTIL_RULES: OptionRules<{ readonly timeoutMs?: number }> = { timeoutMs: milliseconds() }
