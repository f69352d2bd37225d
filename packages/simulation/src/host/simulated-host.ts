import type { LogEvent } from '@ropewalk/core/log'
import { checkOptions, checkValue, count, milliseconds, quantity } from '@ropewalk/core/options'
import type { DiskConditions } from '../disk/disk-conditions.ts'
import { DiskDrive, type DiskUser, type DriveLayers } from '../disk/disk-drive.ts'
import { SimulatedDisk } from '../disk/simulated-disk.ts'
import type { NamedEnd } from '../network/host-kernel.ts'
import { Interfaces } from '../network/interfaces.ts'
import { NAME_RULES, type NameConditions } from '../network/names.ts'
import type { Network } from '../network/network.ts'
import { TCPStack } from '../network/tcp-stack.ts'
import type { HostState } from './reactor-system.ts'
import type { Leak } from '../call-site.ts'
import { Layered } from '../layered.ts'
import type { Random } from '../random.ts'
import { MachineTime } from '../time/machine-time.ts'
import { HostRun } from './host-run.ts'
import type { HostReactor } from './host-reactor.ts'

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
  /** The rate of its clock until `setClockRate`. Default 1. */
  readonly clockRate?: number
  /** Returns when a timer is called that is due at a virtual time. Default: at that time. */
  readonly late?: (dueMs: number) => number
  readonly disk: DiskConditions
  /** Runs a callback of the host. If it throws or rejects, the simulation fails. */
  run(host: SimulatedHost, call: () => unknown): void
  /** Called with each event that the host logs. */
  logged(event: LogEvent): void
}

/** A machine of the simulation. It runs a program, and may be killed, crash, restart, pause, freeze or run fast. */
export class SimulatedHost implements HostState {
  readonly name: string
  readonly interfaces: Interfaces
  readonly network: Network<SimulatedHost>
  readonly random: Random
  /** The paths of its UNIX sockets. They stay when the program ends without removing them. */
  readonly socketFiles: Set<string> = new Set()
  /**
   * Whether a reset that follows bytes at once is notified as the end of the stream, as Node 20 and 22 mostly do:
   * a response that was cut off looks whole. Default false, as Node 24 and later do.
   */
  resetsLookLikeEnds: boolean = false
  /** Its disk. What a program writes there survives the program, and a crash as far as it was synced. */
  readonly disk: SimulatedDisk
  /**
   * Files that a test gives the host, such as certificates, by path. `readFile` finds them before those of the
   * disk. They are beside the disk: no operation of it sees them, and no crash changes them.
   */
  readonly files: Map<string, Uint8Array | string> = new Map()
  /** What a test has set, with what faults lay over it. */
  readonly layers: HostLayers = {
    maxDescriptors: new Layered(Infinity),
    readDelayMs: new Layered(0),
    backlogFull: new Layered(false),
    names: new Layered({}),
    clockRate: new Layered(1, (rate) => this.#run?.clock.setRate(rate)),
    isDown: new Layered(true, (down) => (down ? this.#turnOff() : this.#turnOn())),
    standsStill: new Layered(false, (still) => this.#pauseChanged(still ? 'stands still' : 'goes on')),
    frozen: new Layered(false, (frozen) => this.#freezeChanged(frozen)),
  }
  /** The events that it has logged in all its runs, oldest first. */
  readonly logged: LogEvent[] = []
  readonly #setup: HostSetup
  readonly #drive: DiskDrive
  #run: HostRun | undefined
  #lives = 0
  /** What its operating system keeps while it has power. */
  #stack: TCPStack | undefined
  #boots = 0
  #clockAsked = 0

  constructor(setup: HostSetup) {
    this.#setup = setup
    this.name = setup.name
    this.interfaces = new Interfaces(setup.number)
    this.network = setup.network
    this.layers.clockRate.set(setup.clockRate ?? 1)
    this.random = setup.random
    this.#drive = new DiskDrive({
      host: this.name,
      random: this.random.fork('disk'),
      trace: this.network.setup.trace,
      conditions: setup.disk,
    })
    this.disk = this.diskOf(() => this.#run)
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

  /** Most connections at a time, including attempts to connect. */
  get maxDescriptors(): number {
    return this.layers.maxDescriptors.value
  }

  set maxDescriptors(most: number) {
    checkValue('SimulatedHost', 'maxDescriptors', most, count({ endless: true }))
    this.layers.maxDescriptors.set(most)
  }

  /** Delay before its program reads each chunk received, in milliseconds, for a slow reader. */
  get readDelayMs(): number {
    return this.layers.readDelayMs.value
  }

  set readDelayMs(delayMs: number) {
    checkValue('SimulatedHost', 'readDelayMs', delayMs, milliseconds())
    this.layers.readDelayMs.set(delayMs)
  }

  /** Whether its ports drop new connection attempts, as with a full backlog. */
  get backlogFull(): boolean {
    return this.layers.backlogFull.value
  }

  set backlogFull(full: boolean) {
    this.layers.backlogFull.set(full)
  }

  /** Conditions of name lookups by this host, which override `network.names.conditions`. */
  get names(): Partial<NameConditions> {
    return this.layers.names.value
  }

  set names(conditions: Partial<NameConditions>) {
    checkOptions('host.names', conditions, NAME_RULES)
    this.layers.names.set(conditions)
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
    return this.#stack === undefined || this.layers.frozen.value
  }

  /** @throws {Error} while it is down. */
  get reactor(): HostReactor {
    if (this.#run === undefined) throw new Error(`Cannot use the reactor of ${this.name}: it is down`)
    return this.#run.reactor
  }

  /** Starts it. Only its files and its disk are kept from an earlier run. No effect while it is up, or a fault keeps it down. */
  start(): void {
    this.layers.isDown.set(false)
  }

  /**
   * Simulates a power failure: its connections, timers and memory are gone, and neither its program nor its
   * peers are notified. Of its disk, what was not synced is lost or survives in part.
   */
  crash(): void {
    this.layers.isDown.set(true)
    this.#cutPower()
  }

  /** Crashes it, and keeps it down. @returns a function that ends that. */
  keepCrashed(): () => void {
    const end = this.layers.isDown.add(yes)
    this.#cutPower()
    return end
  }

  /**
   * Ends its program at once, as the signal SIGKILL does. Its operating system goes on: it sends what was
   * written and closes the connections, with a RST where bytes are unread, and refuses new ones. No effect
   * while it is down.
   *
   * @param what What the trace notes.
   */
  kill(what = 'is killed'): void {
    if (this.#run === undefined) return
    this.#endProgram(what)
    this.layers.isDown.set(true)
  }

  /** Kills its program, and keeps it from starting. @returns a function that ends that. */
  keepKilled(): () => void {
    this.#endProgram('is killed')
    return this.layers.isDown.add(yes)
  }

  /** Pauses its program, as a long garbage collection does. Its operating system and its clock continue. */
  pause(): void {
    if (this.#run !== undefined) this.layers.standsStill.set(true)
  }

  /** Ends the pause of its program, unless a fault pauses it. */
  goOn(): void {
    this.layers.standsStill.set(false)
  }

  /**
   * Freezes the whole machine, as the migration of a virtual machine does: its clock stops, and packets to
   * and from it are lost.
   */
  freeze(): void {
    if (this.#run !== undefined) this.layers.frozen.set(true)
  }

  /**
   * Ends the freeze, unless a fault freezes it. The machine continues from where it stopped, and its clock does
   * not show the gap.
   */
  thaw(): void {
    this.layers.frozen.set(false)
  }

  /** Its ends of the open connections with `other`. */
  connectionsWith(other: SimulatedHost): readonly NamedEnd[] {
    return Array.from(this.#run?.ends ?? []).filter((end) => end.peerHost === other.name)
  }

  /** State that its reactor keeps for connections although none is open, one line each. */
  leftovers(): readonly string[] {
    return this.#run?.reactor.registry.leftovers ?? []
  }

  /** What a test has set of its disk, with what faults lay over it. */
  get diskLayers(): DriveLayers {
    return this.#drive.layers
  }

  diskOf(user: () => DiskUser | undefined): SimulatedDisk {
    return new SimulatedDisk(this.#drive, user)
  }

  /** What its current run has not closed. */
  leaks(): readonly Leak[] {
    return this.#run?.reactor.leaks() ?? []
  }

  /** From now on, its clock runs `rate` times as fast as virtual time, also after a crash. */
  setClockRate(rate: number): void {
    checkValue('setClockRate', 'rate', rate, quantity({ least: Number.MIN_VALUE }))
    this.layers.clockRate.set(rate)
  }

  /** Moves its calendar forward by `ms` milliseconds, or back if `ms` is negative. */
  jumpCalendar(ms: number): void {
    checkValue('jumpCalendar', 'ms', ms, quantity({ least: -Infinity }))
    this.#run?.clock.jump(ms)
  }

  /** Runs `call` as code of this host. If it throws or rejects, the simulation fails. */
  execute(call: () => unknown): void {
    this.run(call)
  }

  /** Runs a callback of the host. */
  run(call: () => unknown): void {
    this.#clockAsked = 0
    this.#setup.run(this, call)
  }

  lateness(dueMs: number): number {
    return this.#setup.late?.(dueMs) ?? dueMs
  }

  noteLogged(event: LogEvent): void {
    this.logged.push(event)
    this.#setup.logged(event)
  }

  /** Counts reads of the clock in one event, to detect a program that waits in a loop for time to pass. */
  clockAsked(): void {
    if (++this.#clockAsked > MAX_CLOCK_ASKED)
      throw new Error(
        `${this.name} waits in a loop for time to pass: use reactor.callLater or sleep, or setTimeout on a host of sim.node`,
      )
  }

  #turnOn(): void {
    this.#stack ??= new TCPStack({
      machine: this,
      network: this.network,
      random: this.random.fork(`network ${++this.#boots}`),
      time: new MachineTime(this.network.setup.events),
    })
    const life = new HostRun(this, this.#stack)
    this.#run = life
    this.#lives++
    life.clock.setRate(this.layers.clockRate.value)
    this.network.setup.trace.note(this.name, this.#lives === 1 ? 'starts' : 'starts again')
    life.executeSoon(() => this.#setup.program(life.reactor))
  }

  #endProgram(what: string): void {
    const life = this.#run
    if (life === undefined) return
    this.network.setup.trace.note(this.name, what)
    for (const port of life.ports) port.resetQueue()
    this.#endRun()
    this.#drive.programEnds()
    this.#stack?.closeAll()
  }

  #turnOff(): void {
    // After `kill` there is no run, and the machine goes on.
    if (this.#run !== undefined) this.#cutPower()
  }

  #cutPower(): void {
    if (this.#stack === undefined) return
    this.network.setup.trace.note(this.name, 'crashes')
    this.#stack.end()
    this.#stack = undefined
    this.#endRun()
    this.#drive.losePower()
  }

  #endRun(): void {
    const life = this.#run
    this.#run = undefined
    life?.end()
    // The next run begins neither paused nor frozen.
    this.layers.standsStill.reset(false)
    this.layers.frozen.reset(false)
  }

  #pauseChanged(what: string): void {
    if (this.#run === undefined) return
    this.network.setup.trace.note(this.name, what)
    this.#updatePause()
  }

  #freezeChanged(frozen: boolean): void {
    if (!frozen) this.#stack?.time.thaw()
    if (this.#run === undefined) return
    this.network.setup.trace.note(this.name, frozen ? 'freezes' : 'thaws')
    if (frozen) {
      this.#run.clock.stop()
      this.#stack?.time.freeze()
    } else this.#run.clock.goOn()
    this.#updatePause()
  }

  #updatePause(): void {
    if (this.layers.standsStill.value || this.layers.frozen.value) this.#run?.pause()
    else this.#run?.goOn()
  }
}

/** The state of a host that tests and faults set. */
export interface HostLayers {
  readonly maxDescriptors: Layered<number>
  readonly readDelayMs: Layered<number>
  readonly backlogFull: Layered<boolean>
  readonly names: Layered<Partial<NameConditions>>
  readonly clockRate: Layered<number>
  readonly isDown: Layered<boolean>
  readonly standsStill: Layered<boolean>
  readonly frozen: Layered<boolean>
}

function yes(): boolean {
  return true
}

const MAX_CLOCK_ASKED = 1_000_000
