import { CannotListenError } from '@ropewalk/core'
import type { Disk } from '../disk/disk.ts'
import type { DiskUser } from '../disk/disk-drive.ts'
import { type UDPAddress, udpAddress } from '@ropewalk/core/udp'
import type { DatagramBinding } from '@ropewalk/core/reactor'
import type { NamedEnd } from '../network/host-kernel.ts'
import { isWildcard, type Listening, overlap } from '../network/interfaces.ts'
import { isGroup, SimulatedDatagramWire } from '../network/simulated-datagram-wire.ts'
import type { Network } from '../network/network.ts'
import type { SimulatedPort } from '../network/simulated-port.ts'
import { isTooLong, type TCPStack, UNIX } from '../network/tcp-stack.ts'
import { HostClock } from '../time/host-clock.ts'
import type { MachineTime } from '../time/machine-time.ts'
import type { Trace } from '../trace.ts'
import { HostReactor } from './host-reactor.ts'
import type { HostState, ReactorSystem } from './reactor-system.ts'

/** One run of a host's program, from its start to its end, with its clock, connections, ports and sockets. */
export class HostRun implements ReactorSystem, DiskUser {
  readonly host: HostState
  readonly clock: HostClock
  readonly reactor: HostReactor
  readonly stack: TCPStack
  readonly disk: Disk
  readonly #ends = new Set<NamedEnd>()
  readonly #ports = new Set<SimulatedPort>()
  readonly #datagrams = new Set<SimulatedDatagramWire>()
  #descriptors = 0
  #lastDatagramPort: number
  #over = false
  /** The calls that wait for the end of a pause; undefined while the host is not paused. */
  #paused: (() => unknown)[] | undefined

  constructor(host: HostState, stack: TCPStack) {
    this.host = host
    this.stack = stack
    this.#lastDatagramPort = host.random.fork('UDP ports').between(FIRST_PORT, LAST_PORT)
    this.clock = new HostClock(
      this.network.setup.events,
      (call) => this.execute(call),
      (dueMs) => host.lateness(dueMs),
    )
    this.disk = host.diskOf(() => (this.#over ? undefined : this))
    this.reactor = new HostReactor(this)
  }

  get network(): Network<HostState> {
    return this.host.network
  }

  get trace(): Trace {
    return this.network.setup.trace
  }

  get isOver(): boolean {
    return this.#over
  }

  get time(): MachineTime {
    return this.stack.time
  }

  /** The open connections. */
  get ends(): ReadonlySet<NamedEnd> {
    return this.#ends
  }

  execute(call: () => unknown): void {
    if (this.#over) return
    if (this.#paused === undefined) this.host.run(call)
    else this.#paused.push(call)
  }

  get resetsLookLikeEnds(): boolean {
    return this.host.resetsLookLikeEnds
  }

  get readsSlowly(): boolean {
    return this.host.readDelayMs > 0
  }

  executeRead(call: () => unknown): void {
    const { readDelayMs } = this.host
    if (readDelayMs === 0) this.execute(call)
    else this.executeLater(readDelayMs, call)
  }

  executeSoon(call: () => unknown): void {
    this.executeLater(0, call)
  }

  executeLater(delayMs: number, call: () => unknown): void {
    this.network.setup.events.after(delayMs, () => this.execute(call), this.clock.lane)
  }

  /** Queues the calls of the program until `goOn`. */
  pause(): void {
    this.#paused ??= []
  }

  /** Runs the calls queued during the pause, each in an event of its own. */
  goOn(): void {
    const waiting = this.#paused ?? []
    this.#paused = undefined
    for (const call of waiting) this.executeSoon(call)
  }

  /** Ends the program without calling it. */
  end(): void {
    this.#over = true
    this.#ends.clear()
    this.#ports.clear()
    this.#datagrams.clear()
    this.clock.clear()
  }

  /** Takes a descriptor. @returns false when no descriptor is left. */
  takeDescriptor(): boolean {
    if (this.#descriptors >= this.host.maxDescriptors) return false
    this.#descriptors++
    return true
  }

  freeDescriptor(): void {
    this.#descriptors--
  }

  /** Registers an open connection. */
  endOpened(end: NamedEnd): void {
    this.#ends.add(end)
  }

  released(end: NamedEnd): void {
    if (this.#ends.delete(end)) this.freeDescriptor()
  }

  /** The listening ports. */
  get ports(): readonly SimulatedPort[] {
    return [...this.#ports]
  }

  /**
   * @throws {CannotListenError} when the address is taken, the host does not have it, or the path of a UNIX socket
   * is too long. The file of a UNIX socket whose program has ended without removing it takes the path too.
   */
  bindPort(port: SimulatedPort): void {
    const { host, port: number } = port.endpoint
    const { socketFiles, interfaces } = this.host
    const failure = (code: string): Error => new CannotListenError(port.getHost(), listenFailure(code))
    if (host === UNIX) {
      if (isTooLong(String(number))) throw failure('ENAMETOOLONG')
      if (socketFiles.has(String(number))) throw failure('EADDRINUSE')
      socketFiles.add(String(number))
    } else {
      const wanted = { host, ipv6Only: port.ipv6Only }
      if (this.#isTaken(number, wanted)) throw failure('EADDRINUSE')
      if (!isWildcard(host) && !interfaces.has(host)) throw failure('EADDRNOTAVAIL')
    }
    this.#ports.add(port)
    this.stack.listen(port)
  }

  /** Whether a connection may have this local address: the host has it, or it is a wildcard. */
  mayConnectFrom(address: string): boolean {
    return isWildcard(address) || this.host.interfaces.has(address)
  }

  /** Whether a port listens at this address. */
  isListening(address: string, port: number): boolean {
    return this.#isTaken(port, { host: address, ipv6Only: false })
  }

  removeStale(path: string): void {
    const isOpen = this.ports.some(({ endpoint }) => endpoint.host === UNIX && endpoint.port === path)
    if (!isOpen) this.host.socketFiles.delete(path)
  }

  /** Removes a listening port. */
  freePort(port: SimulatedPort): void {
    this.#ports.delete(port)
    this.stack.unlisten(port)
    if (port.endpoint.host === UNIX) this.host.socketFiles.delete(String(port.endpoint.port))
  }

  /**
   * @throws {Error} EADDRINUSE when the address is taken, unless both sockets have `reuseAddress`, or all ports to
   * choose from are in use; EADDRNOTAVAIL when the host does not have the address.
   */
  bindDatagrams(asked: DatagramBinding): SimulatedDatagramWire {
    const port = asked.address.port === 0 ? this.#freeDatagramPort() : asked.address.port
    const binding = { ...asked, address: udpAddress(asked.address.host, port) }
    const { host } = binding.address
    if (!isWildcard(host) && !isGroup(host) && !this.host.interfaces.has(host))
      throw listenFailure('EADDRNOTAVAIL')
    const listening = ({ address, ipv6Only }: DatagramBinding): Listening => ({
      host: address.host,
      ipv6Only,
    })
    for (const { binding: other } of this.#datagrams)
      if (
        other.address.port === port &&
        !(other.reuseAddress && binding.reuseAddress) &&
        overlap(listening(other), listening(binding))
      )
        throw listenFailure('EADDRINUSE')
    const socket = new SimulatedDatagramWire(this, binding)
    this.#datagrams.add(socket)
    return socket
  }

  #isTaken(port: number | string, wanted: Listening): boolean {
    return this.ports.some(
      ({ endpoint, ipv6Only }) =>
        endpoint.port === port && overlap({ host: endpoint.host, ipv6Only }, wanted),
    )
  }

  #freeDatagramPort(): number {
    const ports = Array.from(this.#datagrams, ({ address }) => address.port)
    const taken = new Set(ports.filter((port) => port >= FIRST_PORT && port <= LAST_PORT))
    if (taken.size > LAST_PORT - FIRST_PORT) throw listenFailure('EADDRINUSE')
    do this.#lastDatagramPort = this.#lastDatagramPort >= LAST_PORT ? FIRST_PORT : this.#lastDatagramPort + 1
    while (taken.has(this.#lastDatagramPort))
    return this.#lastDatagramPort
  }

  /** Removes a socket, which receives nothing more. */
  freeDatagrams(socket: SimulatedDatagramWire): void {
    this.#datagrams.delete(socket)
  }

  /**
   * The sockets that receive a datagram from `from` to `to`. Of several for one address, the one that fits best
   * receives it, and of these the one that was bound last. As on Linux, a datagram to a group reaches every
   * socket on all addresses once one socket of the machine has joined the group.
   */
  datagramsAt(from: UDPAddress, to: UDPAddress): readonly SimulatedDatagramWire[] {
    const sockets = Array.from(this.#datagrams).filter((socket) => socket.receives(from, to))
    if (isGroup(to.host))
      return Array.from(this.#datagrams).some((socket) => socket.isIn(to.host)) ? sockets : []
    return sockets.toSorted((one, other) => one.preference - other.preference).slice(-1)
  }

  /** Resolves with the addresses of a name, after the delay of the name service. */
  lookup(name: string): Promise<readonly string[]> {
    const { names, setup } = this.network
    if (names.isAddress(name)) return Promise.resolve([name])
    const { delayMs } = { ...names.conditions, ...this.host.names }
    return new Promise((resolve, reject) => {
      setup.events.after(delayMs, () =>
        this.execute(() => {
          try {
            resolve(names.find(name, this.host.names))
          } catch (error) {
            reject(error)
          }
        }),
      )
    })
  }
}

function listenFailure(code: string): Error {
  return Object.assign(new Error(`listen ${code}`), { code })
}

const FIRST_PORT = 49_152
const LAST_PORT = 65_535
