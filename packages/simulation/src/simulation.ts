import type { Leak } from './call-site.ts'
import { svgDiagram } from './diagram/svg-diagram.ts'
import { type DiagramOptions, mermaidDiagram, textDiagram } from './diagram/text-diagram.ts'
import { type ErrorCount, type ErrorMatch, ExpectedErrors, textOfError } from './expected-errors.ts'
import { DISK_RULES } from './disk/disk-conditions.ts'
import { FaultScript } from './fault-script.ts'
import type { Fault, FaultKind, FaultPlan } from './faults.ts'
import { type HostProgram, SimulatedHost } from './host/simulated-host.ts'
import type { Link } from './network/link.ts'
import { FLOW_RULES, LINK_RULES } from './network/network-rules.ts'
import { Network } from './network/network.ts'
import { nodePrograms } from './node-programs.ts'
import { EVENTUALLY_RULES, type EventuallyOptions, Properties, type PropertyCheck } from './properties.ts'
import { Random } from './random.ts'
import { Capture } from './replay/capture.ts'
import {
  checkFault,
  checkPair,
  checkPlan,
  checkProgram,
  checkProperty,
  ERROR_COUNT_RULES,
  ERROR_MATCH,
  PARTITION_RULES,
  REACHED,
  RUN_UNTIL_RULES,
} from './simulation-arguments.ts'
import { PLAIN, SIMULATION_RULES, type SimulationOptions } from './simulation-options.ts'
import {
  type Calm,
  calmed,
  calmsOf,
  isDiskCalm,
  NOTHING_LEFT_OUT,
  parseReduction,
  type Reduction,
  type RunConditions,
} from './reduction.ts'
import { waitedFor } from './returned.ts'
import { drawClockRate, drawConditions, lateTimers } from './swarm.ts'
import { RunLoop } from './run-loop.ts'
import { EventQueue } from './time/event-queue.ts'
import { type Arrow, Trace } from './trace.ts'
import {
  callable,
  checkOptions,
  checkValue,
  filledText,
  milliseconds,
  withDefaults,
} from '@ropewalk/core/options'
import { eventText, type LogEvent, type LogLevel } from '@ropewalk/core/log'

/**
 * A network of hosts in one process, without sockets and without real waiting: time is virtual, and
 * everything that happens follows from the seed.
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
  /** What a run could leave out besides these conditions, for the option `faults`. */
  readonly calmsLeft: (calm: ReadonlySet<Calm>) => readonly Calm[]
  readonly #conditions: RunConditions
  readonly #expected = new ExpectedErrors()
  readonly #properties: Properties

  /** @throws {TypeError | RangeError} for an unknown option, or a value of the wrong type or out of range. */
  constructor(options: SimulationOptions) {
    checkOptions('Simulation', options, SIMULATION_RULES)
    const { seed, link, limits, disk, faults, swarm = false } = options
    const { seedGlobals = true, maxArrows = 200_000 } = options
    const [events, hosts] = [this.#events, this.#hosts]
    this.seed = String(seed)
    const reduction = reductionOf(faults)
    this.random = new Random(this.seed)
    const given = (conditions: RunConditions): RunConditions => ({
      ...conditions,
      link: withDefaults('a link', conditions.link, link, LINK_RULES),
      limits: withDefaults('a host', conditions.limits, limits, FLOW_RULES),
      disk: withDefaults('disk', conditions.disk, disk, DISK_RULES),
    })
    const plain = given(PLAIN)
    const drawn = swarm ? given(drawConditions(this.random.fork('swarm'), PLAIN)) : plain
    this.#conditions = calmed(drawn, plain, reduction.calm)
    const matters = (calm: Calm): boolean =>
      !isDiskCalm(calm) || this.hosts.some(({ disk: { isUsed } }) => isUsed)
    this.calmsLeft = (calm) =>
      calmsOf(calmed(drawn, plain, calm), plain).filter((each) => !calm.has(each) && matters(each))
    this.#events.shuffleTies(this.#conditions.shufflesTies ? this.random.fork('ties').between(1, 2 ** 31) : 0)
    this.trace = new Trace(() => events.nowMs, maxArrows)
    this.#loop = new RunLoop({
      seed: this.seed,
      events,
      seedGlobals,
      recentLines: () => this.trace.recentLines,
      afterEvent: () => this.#properties.afterEvent(),
    })
    this.#faults = new FaultScript({
      events,
      random: this.random,
      trace: this.trace,
      hosts,
      wanted: reduction.faults,
      swarm,
      changed: () => this.#loop.happens(),
    })
    this.#properties = new Properties({
      events,
      faultsAhead: () => this.#faults.ahead,
      recentLines: () => this.trace.recentLines,
      fail: (why, cause, earlier) => this.#loop.fail(why, cause, earlier),
    })
    this.network = new Network({
      events,
      random: this.random.fork('network'),
      trace: this.trace,
      conditions: this.#conditions.link,
      limits: this.#conditions.limits,
      stations: () => hosts.values(),
    })
  }

  /** The virtual time: milliseconds since the simulation was created. */
  get nowMs(): number {
    return this.#events.nowMs
  }

  /** Whether virtual time passes now, because a call to `run`, `runUntil` or `runUntilIdle` is pending. */
  get isRunning(): boolean {
    return this.#loop.isRunning
  }

  /** How many events have happened. */
  get events(): number {
    return this.#loop.events
  }

  /** Every fault that `injectFaults` has planned, including those that the option `faults` leaves out. */
  get script(): readonly Fault[] {
    return this.#faults.planned
  }

  /** How many faults of each kind have begun. */
  get faultsSeen(): Readonly<Partial<Record<FaultKind, number>>> {
    return this.#faults.seen
  }

  /** What reporters of tests show of the simulation, with the errors that have one. */
  toJSON(): { readonly seed: string } {
    return { seed: this.seed }
  }

  /** Every host, in the order in which they were added. */
  get hosts(): readonly SimulatedHost[] {
    return [...this.#hosts.values()]
  }

  /**
   * Adds a host and starts it. Other hosts reach it by its name.
   *
   * @throws {Error} when a host with this name exists, or `program` is not a function.
   */
  host(name: string, program: HostProgram): SimulatedHost {
    checkProgram('host', name, program)
    if (this.#hosts.has(name)) throw new Error(`Cannot add a second host named "${name}"`)
    const { network } = this
    const random = this.random.fork(name)
    const drawing = random.fork('swarm')
    const { maxSkew, lateMs } = this.#conditions
    const host = new SimulatedHost({
      name,
      number: this.#hosts.size + 1,
      network,
      random,
      program: (reactor) => waitedFor(program(reactor)),
      clockRate: drawClockRate(drawing, maxSkew),
      late: lateTimers(drawing.between(1, 2 ** 31), lateMs),
      disk: this.#conditions.disk,
      run: (runs, call) => this.#loop.execute(runs, call),
      logged: (event) => this.#logged(name, event),
    })
    this.#hosts.set(name, host)
    network.add(host)
    network.names.set(name, [host.address])
    host.start()
    return host
  }

  /**
   * Adds a host and starts it. Its program uses the modules and globals of Node, which are those of the host: its
   * network, its clock, its randomness.
   *
   *     sim.node('server', () => import('./server.js'))
   *
   * @throws {Error} as `host` does, or when `install` of `@ropewalk/simulation/node` was not called.
   */
  node(name: string, program: () => unknown): SimulatedHost {
    const programs = nodePrograms()
    if (programs === undefined)
      throw new Error(
        `Cannot add the Node host "${name}": call install() of @ropewalk/simulation/node before`,
      )
    checkProgram('node', name, program)
    const host = this.host(name, () => program())
    programs.adopt(host)
    return host
  }

  /**
   * Expects errors in the logs of hosts. Without it, the first event of level `error` or `critical` in the log
   * of any host fails the run.
   *
   *     sim.expectError('the disk is full')
   *     sim.expectError(/ECONNRESET|EPIPE/, { least: 0 })
   *
   * @param match A string that the text of the event contains, a pattern that it matches, or a function that
   * returns true. The text has the messages of the event, of its error and of the causes of that.
   * @param times `least`: fewer times fail the run at its end; default 1. `most`: the next one fails the run;
   * default Infinity.
   */
  expectError(match: ErrorMatch, times: ErrorCount = {}): void {
    checkValue('expectError', 'match', match, ERROR_MATCH)
    checkOptions('expectError', times, ERROR_COUNT_RULES)
    this.#expected.expect(match, times)
  }

  /**
   * Declares a property that holds all the time. It is checked after every event that ran code, and the run
   * fails when `check` returns false or throws.
   */
  always(name: string, check: PropertyCheck): void {
    checkProperty('always', name, check)
    this.#properties.always(name, check)
  }

  /**
   * Declares a property that holds at some time after the last fault of `injectFaults` and `inject` is over.
   * Until then it is checked after every event that ran code: it does not hold while `check` returns false or
   * throws.
   *
   * @param options `withinMs`: the run fails when the property does not hold for so many virtual milliseconds
   * after the last fault. Default 60 000. It also fails when the property has not held at the end of the run.
   */
  eventually(name: string, check: PropertyCheck, options: EventuallyOptions = {}): void {
    checkProperty('eventually', name, check)
    checkOptions('eventually', options, EVENTUALLY_RULES)
    this.#properties.eventually(name, check, options)
  }

  /**
   * Counts that `condition` was true, in the coverage of all seeds. With it, a scenario proves that its runs
   * reached an interesting state: see the option `sometimes` of `simulateAll`. Unlike the check of `always`, it is
   * not a function: call `sometimes` where the state may be reached.
   */
  sometimes(name: string, condition: boolean = true): void {
    checkValue('sometimes', 'name', name, filledText)
    checkValue('sometimes', 'condition', condition, REACHED)
    this.#properties.sometimes(name, condition)
  }

  /** How often each property of `sometimes` was true. */
  get sometimesSeen(): ReadonlyMap<string, number> {
    return this.#properties.counts
  }

  /**
   * Checks what only the end of a run shows. `simulateAll` and `simulate` call it after the scenario.
   *
   * @throws {SimulationFailed} when the run has failed, an expected error did not come, or a property of
   * `eventually` did not hold.
   */
  finish(): void {
    const missing = [...this.#expected.missing, ...this.#properties.missing]
    if (missing.length > 0)
      this.#loop.fail(missing.join('\n  '), undefined, this.#properties.linesAtLastFault)
    this.#loop.throwIfFailed()
  }

  /**
   * Calls `call` at the virtual time `ms`, or at the current time if `ms` has passed. If it throws or rejects,
   * the run fails.
   */
  at(ms: number, call: () => unknown): void {
    checkValue('at', 'ms', ms, milliseconds())
    checkValue('at', 'call', call, callable)
    this.#events.at(ms, () => this.#loop.executeOutside('A call of sim.at', () => waitedFor(call())))
  }

  /**
   * Loses every packet between two hosts until `heal`; with `oneWay`, only those from `one` to `other`.
   *
   * @throws {TypeError | RangeError} unless both are hosts of this simulation, and not the same.
   */
  partition(one: SimulatedHost, other: SimulatedHost, options: { readonly oneWay?: boolean } = {}): void {
    checkPair('partition', one, other, this.#hosts)
    checkOptions('partition', options, PARTITION_RULES)
    const { oneWay = false } = options
    this.trace.note(one.name, `${oneWay ? 'cannot reach' : 'is cut off from'} ${other.name}`)
    this.network.link(one, other).setDown(true)
    if (!oneWay) this.network.link(other, one).setDown(true)
  }

  /**
   * Lets packets pass between the two hosts again, in both directions.
   *
   * @throws {TypeError | RangeError} as `partition` does.
   */
  heal(one: SimulatedHost, other: SimulatedHost): void {
    checkPair('heal', one, other, this.#hosts)
    this.trace.note(one.name, `is connected with ${other.name} again`)
    for (const link of this.network.between(one, other)) link.setDown(false)
  }

  /**
   * Plans faults from the seed, between the hosts that exist now, and schedules them.
   *
   * @returns every planned fault; those that the option `faults` leaves out do not happen.
   * @throws {Error} when the plan names a host that does not exist.
   * @throws {TypeError | RangeError} for an unknown option, or a value of the wrong type or out of range.
   */
  injectFaults(plan: FaultPlan): readonly Fault[] {
    checkPlan(plan)
    return this.#faults.plan(plan)
  }

  /**
   * Schedules one fault, to begin `atMs` from now.
   *
   * @throws {Error} when there is no host with one of its names.
   */
  inject(fault: Fault): void {
    checkFault(fault)
    this.#faults.inject(fault)
  }

  /** Draws the run so far as text: one column for each host, one line for each packet or event. */
  diagram(options: DiagramOptions = {}): string {
    return textDiagram([...this.#hosts.keys()], this.#arrowsWithin(options))
  }

  /** Draws the run so far as an SVG document, in which arrows show how long each packet took. */
  svg(options: DiagramOptions = {}): string {
    return svgDiagram([...this.#hosts.keys()], this.#arrowsWithin(options))
  }

  /** Draws the run so far as a Mermaid sequence diagram. */
  mermaid(options: DiagramOptions = {}): string {
    return mermaidDiagram([...this.#hosts.keys()], this.#arrowsWithin(options))
  }

  /**
   * Captures the bytes that connections deliver over a link from now on, to be read or replayed.
   *
   * @param link Such as `sim.network.link(client, server)`.
   */
  capture(link: Link): Capture {
    return new Capture(link)
  }

  /** The connections, ports and timers that are open on hosts that are up. */
  leaks(): readonly Leak[] {
    return this.hosts.flatMap((host) => host.leaks())
  }

  /** State that reactors keep for connections although none is open, one line each. Any line is a bug. */
  leftovers(): readonly string[] {
    return this.hosts.flatMap((host) => host.leftovers().map((kept) => `${host.name} keeps ${kept}`))
  }

  /** Lets `ms` milliseconds of virtual time pass. @throws {SimulationFailed} (rejects) when the run fails. */
  async run(ms: number): Promise<void> {
    checkValue('run', 'ms', ms, milliseconds())
    return this.#loop.run(ms)
  }

  /**
   * Lets time pass until `condition` returns true.
   *
   * @param options `timeoutMs`: longest wait in virtual milliseconds. Default 600 000.
   * @throws {SimulationFailed} (rejects) when the condition does not hold within `timeoutMs`, or the run
   * fails.
   */
  async runUntil(condition: () => boolean, options: { readonly timeoutMs?: number } = {}): Promise<void> {
    checkValue('runUntil', 'condition', condition, callable)
    checkOptions('runUntil', options, RUN_UNTIL_RULES)
    const { timeoutMs = 600_000 } = options
    return this.#loop.runUntil(condition, timeoutMs)
  }

  /**
   * Lets time pass until no event is scheduled any more, but for intervals that Node would not wait for, because
   * the program has called their `unref`.
   *
   * @throws {SimulationFailed} (rejects) when the run fails.
   */
  runUntilIdle(): Promise<void> {
    return this.#loop.runUntilIdle()
  }

  #logged(host: string, event: LogEvent): void {
    const { level, error } = event
    if (SILENT_LEVELS.has(level)) return
    const [line = ''] = eventText({ ...event, namespace: undefined }).split('\n')
    this.trace.log(
      host,
      `logs (${level}) ${error === undefined ? line : textOfError({ ...event, text: line, fields: undefined })}`,
    )
    if (!FATAL_LEVELS.has(level) || this.#expected.allows(event, host)) return
    this.#loop.fail(`${host} logged ${level === 'error' ? 'an error' : 'a critical event'}: ${line}`, error)
  }

  #arrowsWithin({ fromMs = 0, untilMs = Infinity }: DiagramOptions): readonly Arrow[] {
    return this.trace.arrows.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
  }
}

function reductionOf(faults: ReadonlySet<number> | string | undefined): Reduction {
  if (typeof faults === 'string') return parseReduction(faults)
  if (faults === undefined) return NOTHING_LEFT_OUT
  return { ...NOTHING_LEFT_OUT, faults: new Map(Array.from(faults, (at) => [at, undefined])) }
}

const FATAL_LEVELS: ReadonlySet<LogLevel> = new Set(['error', 'critical'])
/** The levels whose events are not among the recent lines of the trace. */
const SILENT_LEVELS: ReadonlySet<LogLevel> = new Set(['debug', 'info'])
