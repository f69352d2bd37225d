import type { NamedEnd } from '../network/host-kernel.ts'
import { Interfaces } from '../network/interfaces.ts'
import type { NameConditions } from '../network/names.ts'
import type { Network } from '../network/network.ts'
import { TCPStack } from '../network/tcp-stack.ts'
import type { HostState } from './reactor-system.ts'
import type { Leak } from '../call-site.ts'
import type { Random } from '../random.ts'
import { HostRun } from './host-run.ts'
import type { HostReactor } from './host-reactor.ts'
import { MachineTime } from '../time/machine-time.ts'

/** The program of a host, called when the host starts. If it throws or rejects, the simulation fails. */
export type HostProgram = (reactor: HostReactor) => unknown

/** The constructor arguments of `SimulatedHost`. */
export interface HostSetup {
  readonly name: string
  /** Counts the hosts of a simulation from 1. */
  readonly number: number
  readonly network: Network<SimulatedHost>
  readonly random: Random
  readonly program: HostProgram
  /** Runs a callback of the host. If it throws or rejects, the simulation fails. */
  run(host: SimulatedHost, call: () => unknown): void
}

/** A machine of the simulation. It runs a program, and may be killed, crash, restart, pause, freeze or run fast. */
export class SimulatedHost implements HostState {
  readonly name: string
  readonly interfaces: Interfaces
  readonly network: Network<SimulatedHost>
  readonly random: Random
  /** The paths of its UNIX sockets. They stay when the program ends without removing them. */
  readonly socketFiles: Set<string> = new Set()
  /** The files that `readFile` finds, by path. They survive crashes. */
  readonly files: Map<string, Uint8Array | string> = new Map()
  /** Most connections at a time, including attempts to connect. */
  maxDescriptors: number = Infinity
  /** Delay before its program reads each chunk received, in milliseconds, for a slow reader. */
  readDelayMs: number = 0
  /** Whether its ports drop new connection attempts, as with a full backlog. */
  backlogFull: boolean = false
  /** Conditions of name lookups by this host, which override `network.names.conditions`. */
  names: Partial<NameConditions> = {}
  readonly #setup: HostSetup
  #run: HostRun | undefined
  #lives = 0
  /** What its operating system keeps while it has power. */
  #stack: TCPStack | undefined
  #boots = 0
  #clockAsked = 0
  #standsStill = false
  #frozen = false

  constructor(setup: HostSetup) {
    this.#setup = setup
    this.name = setup.name
    this.interfaces = new Interfaces(setup.number)
    this.network = setup.network
    this.random = setup.random
  }

  /** Its IPv4 address on the network. */
  get address(): string {
    return this.interfaces.ipv4
  }

  /** Its IPv6 address on the network. */
  get address6(): string {
    return this.interfaces.ipv6
  }

  /** TCP in its operating system; undefined while it has no power. */
  get stack(): TCPStack | undefined {
    return this.#stack
  }

  /** Its current run; undefined while it is down. */
  get life(): HostRun | undefined {
    return this.#run
  }

  /** Whether its program is not running: it was killed, or the host has crashed, and was not started again. */
  get isDown(): boolean {
    return this.#run === undefined
  }

  get isSilent(): boolean {
    return this.#stack === undefined || this.#frozen
  }

  /** @throws {Error} while it is down. */
  get reactor(): HostReactor {
    if (this.#run === undefined) throw new Error(`Cannot use the reactor of ${this.name}: it is down`)
    return this.#run.reactor
  }

  /** Starts it. Only its files are kept from an earlier run. No effect while it is up. */
  start(): void {
    if (this.#run !== undefined) return
    this.#stack ??= new TCPStack({
      machine: this,
      network: this.network,
      random: this.random.fork(`network ${++this.#boots}`),
      time: new MachineTime(this.network.setup.events),
    })
    const life = new HostRun(this, this.#stack)
    this.#run = life
    this.#lives++
    this.network.setup.trace.note(this.name, this.#lives === 1 ? 'starts' : 'starts again')
    life.executeSoon(() => this.#setup.program(life.reactor))
  }

  /**
   * Simulates a power failure: its connections, timers and memory are gone, and neither its program nor its
   * peers are notified. No effect while it has no power.
   */
  crash(): void {
    if (this.#stack === undefined) return
    this.network.setup.trace.note(this.name, 'crashes')
    this.#stack.end()
    this.#stack = undefined
    this.#ended()
  }

  /**
   * Ends its program at once, as the signal SIGKILL does. Its operating system goes on: it sends what was
   * written and closes the connections, with a RST where bytes are unread, and refuses new ones. No effect
   * while it is down.
   */
  kill(): void {
    if (this.#run === undefined) return
    this.network.setup.trace.note(this.name, 'is killed')
    this.thaw()
    for (const port of this.#run.ports) port.resetQueue()
    this.#ended()
    this.#stack?.closeAll()
  }

  /** Pauses its program, as a long garbage collection does. Its operating system and its clock continue. */
  pause(): void {
    if (this.#run === undefined || this.#standsStill) return
    this.network.setup.trace.note(this.name, 'stands still')
    this.#standsStill = true
    this.#run.pause()
  }

  /** Ends the pause of its program. */
  goOn(): void {
    if (!this.#standsStill) return
    this.network.setup.trace.note(this.name, 'goes on')
    this.#standsStill = false
    if (!this.#frozen) this.#run?.goOn()
  }

  /**
   * Freezes the whole machine, as the migration of a virtual machine does: its clock stops, and packets to
   * and from it are lost.
   */
  freeze(): void {
    if (this.#run === undefined || this.#frozen) return
    this.network.setup.trace.note(this.name, 'freezes')
    this.#frozen = true
    this.#run.pause()
    this.#run.clock.stop()
    this.#stack?.time.freeze()
  }

  /** Ends the freeze. The machine continues from where it stopped, and its clock does not show the gap. */
  thaw(): void {
    if (!this.#frozen) return
    this.network.setup.trace.note(this.name, 'thaws')
    this.#frozen = false
    this.#stack?.time.thaw()
    this.#run?.clock.goOn()
    if (!this.#standsStill) this.#run?.goOn()
  }

  #ended(): void {
    this.#run?.end()
    this.#run = undefined
    this.#standsStill = false
    this.#frozen = false
  }

  /** Its ends of the open connections with `other`. */
  connectionsWith(other: SimulatedHost): readonly NamedEnd[] {
    return Array.from(this.#run?.ends ?? []).filter((end) => end.peerHost === other.name)
  }

  /** State that its reactor keeps for connections although none is open, one line each. */
  leftovers(): readonly string[] {
    return this.#run?.reactor.registry.leftovers ?? []
  }

  /** What its current run has not closed. */
  leaks(): readonly Leak[] {
    return this.#run?.reactor.leaks() ?? []
  }

  /** From now on, its clock runs `rate` times as fast as virtual time. */
  setClockRate(rate: number): void {
    this.#run?.clock.setRate(rate)
  }

  /** Moves its calendar forward by `ms` milliseconds, or back if `ms` is negative. */
  jumpCalendar(ms: number): void {
    this.#run?.clock.jump(ms)
  }

  /** Runs a callback of the host. */
  run(call: () => unknown): void {
    this.#clockAsked = 0
    this.#setup.run(this, call)
  }

  /** Counts reads of the clock in one event, to detect a program that waits in a loop for time to pass. */
  clockAsked(): void {
    if (++this.#clockAsked > MAX_CLOCK_ASKED)
      throw new Error(`${this.name} waits in a loop for time to pass: use reactor.callLater or sleep`)
  }
}

const MAX_CLOCK_ASKED = 1_000_000
