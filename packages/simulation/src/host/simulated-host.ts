import type { NamedEnd } from '../network/host-kernel.ts'
import type { NameConditions } from '../network/names.ts'
import type { Network } from '../network/network.ts'
import type { HostState } from './reactor-system.ts'
import type { Leak } from '../call-site.ts'
import type { Random } from '../random.ts'
import { HostRun } from './host-run.ts'
import type { HostReactor } from './host-reactor.ts'

/** What a host runs, from its start. A rejection fails the simulation. */
export type HostProgram = (reactor: HostReactor) => unknown

/** What a host is made of. */
export interface HostSetup {
  readonly name: string
  readonly address: string
  readonly network: Network<SimulatedHost>
  readonly random: Random
  readonly program: HostProgram
  /** Runs what belongs to the host; what it throws fails the simulation. */
  run(host: SimulatedHost, call: () => unknown): void
}

/** A machine of the simulation: runs a program, and may crash, start again, stand still or run fast. */
export class SimulatedHost implements HostState {
  readonly name: string
  readonly address: string
  readonly network: Network<SimulatedHost>
  readonly random: Random
  /** What `readFile` finds, by path. Outlives crashes. */
  readonly files: Map<string, Uint8Array | string> = new Map()
  /** Most connections at a time, those being made included. */
  maxDescriptors: number = Infinity
  /** How long its program takes to come to each piece that has arrived: a slow reader. */
  readDelayMs: number = 0
  /** Whether whoever knocks at its ports is not heard, as when too many wait already. */
  backlogFull: boolean = false
  /** How names are answered to it, where that is not as `network.names.conditions` say for all. */
  names: Partial<NameConditions> = {}
  readonly #setup: HostSetup
  #run: HostRun | undefined
  #lives = 0
  #clockAsked = 0
  #standsStill = false
  #frozen = false

  constructor(setup: HostSetup) {
    this.#setup = setup
    this.name = setup.name
    this.address = setup.address
    this.network = setup.network
    this.random = setup.random
  }

  /** Its present run; undefined while it is down. */
  get life(): HostRun | undefined {
    return this.#run
  }

  /** Whether it has crashed and not started again. */
  get isDown(): boolean {
    return this.#run === undefined
  }

  get isSilent(): boolean {
    return this.#run === undefined || this.#frozen
  }

  /** @throws {Error} while it is down. */
  get reactor(): HostReactor {
    if (this.#run === undefined) throw new Error(`Cannot use the reactor of ${this.name}: it is down`)
    return this.#run.reactor
  }

  /** Starts it, with nothing of what it knew before but its files. Does nothing while it is up. */
  start(): void {
    if (this.#run !== undefined) return
    const life = new HostRun(this)
    this.#run = life
    this.#lives++
    this.network.setup.trace.note(this.name, this.#lives === 1 ? 'starts' : 'starts again')
    life.executeSoon(() => this.#setup.program(life.reactor))
  }

  /** Its power fails: its connections, timers and memory are gone, and nobody is told. Does nothing while it is down. */
  crash(): void {
    if (this.#run === undefined) return
    this.network.setup.trace.note(this.name, 'crashes')
    this.#run.end()
    this.#run = undefined
    this.#standsStill = false
    this.#frozen = false
  }

  /** Its program stands still from now on, as in a long garbage collection; its system and its clock go on. */
  pause(): void {
    if (this.#run === undefined || this.#standsStill) return
    this.network.setup.trace.note(this.name, 'stands still')
    this.#standsStill = true
    this.#run.pause()
  }

  /** Its program goes on. */
  goOn(): void {
    if (!this.#standsStill) return
    this.network.setup.trace.note(this.name, 'goes on')
    this.#standsStill = false
    if (!this.#frozen) this.#run?.goOn()
  }

  /** It stands still as a whole, as a virtual machine that is moved: its clock too, and nothing passes to it or from it. */
  freeze(): void {
    if (this.#run === undefined || this.#frozen) return
    this.network.setup.trace.note(this.name, 'freezes')
    this.#frozen = true
    this.#run.pause()
    this.#run.clock.stop()
  }

  /** It goes on where it was, and knows nothing of the time between. */
  thaw(): void {
    if (!this.#frozen) return
    this.network.setup.trace.note(this.name, 'thaws')
    this.#frozen = false
    this.#run?.clock.goOn()
    if (!this.#standsStill) this.#run?.goOn()
  }

  /** Its ends of connections with `other`. */
  connectionsWith(other: SimulatedHost): readonly NamedEnd[] {
    return Array.from(this.#run?.ends ?? []).filter((end) => end.peerHost === other.name)
  }

  /** What its reactor keeps for connections although none is up. */
  leftovers(): readonly string[] {
    return this.#run?.reactor.registry.leftovers ?? []
  }

  /** What its present run has not closed. */
  leaks(): readonly Leak[] {
    return this.#run?.reactor.leaks() ?? []
  }

  /** Its clock runs `rate` times as fast as that of the simulation. */
  setClockRate(rate: number): void {
    this.#run?.clock.setRate(rate)
  }

  /** Sets its calendar forward or back by `ms`. */
  jumpCalendar(ms: number): void {
    this.#run?.clock.jump(ms)
  }

  /** Runs what belongs to it. */
  run(call: () => unknown): void {
    this.#clockAsked = 0
    this.#setup.run(this, call)
  }

  /** The clock was asked: who waits for it to move within one event waits for ever. */
  clockAsked(): void {
    if (++this.#clockAsked > MAX_CLOCK_ASKED)
      throw new Error(`${this.name} waits in a loop for time to pass: use reactor.callLater or sleep`)
  }
}

const MAX_CLOCK_ASKED = 1_000_000
