import { type Address, CannotListenError } from '@ropewalk/core'
import { type UDPAddress, udpAddress } from '@ropewalk/core/udp'
import type { DatagramBinding } from '@ropewalk/core/reactor'
import type { NamedEnd } from '../network/host-kernel.ts'
import { SimulatedDatagramWire } from '../network/simulated-datagram-wire.ts'
import type { Network } from '../network/network.ts'
import type { SimulatedPort } from '../network/simulated-port.ts'
import { HostClock } from '../time/host-clock.ts'
import type { Trace } from '../trace.ts'
import { HostReactor } from './host-reactor.ts'
import type { HostState, ReactorSystem } from './reactor-system.ts'

/** One run of a host, from its start to its crash: program, clock, open connections, ports and sockets. */
export class HostRun implements ReactorSystem {
  readonly host: HostState
  readonly clock: HostClock
  readonly reactor: HostReactor
  readonly #ends = new Set<NamedEnd>()
  readonly #ports = new Map<string, SimulatedPort>()
  readonly #datagrams = new Set<SimulatedDatagramWire>()
  #descriptors = 0
  #lastPort = 49_151
  #over = false
  /** The calls that wait for the end of a pause; undefined while the host is not paused. */
  #paused: (() => unknown)[] | undefined

  constructor(host: HostState) {
    this.host = host
    this.clock = new HostClock(
      this.network.setup.events,
      (call) => this.execute(call),
      (dueMs) => host.lateness(dueMs),
    )
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

  /** The port number last returned by `nextPort`. */
  get lastPort(): number {
    return this.#lastPort
  }

  /** Returns a port number for a new connection from this host. */
  nextPort(): number {
    this.#lastPort = this.#lastPort >= 65_535 ? 49_152 : this.#lastPort + 1
    return this.#lastPort
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

  get readsSlowly(): boolean {
    return this.host.readDelayMs > 0
  }

  executeRead(call: () => unknown): void {
    const { readDelayMs } = this.host
    if (readDelayMs === 0) this.execute(call)
    else this.network.setup.events.after(readDelayMs, () => this.execute(call))
  }

  executeSoon(call: () => unknown): void {
    this.network.setup.events.after(0, () => this.execute(call), this.clock.lane)
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

  /** Drops all connections, ports, sockets and timers without calling the program. */
  end(): void {
    this.#over = true
    for (const end of this.#ends) end.vanish()
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

  /** Gives back a descriptor; a waiting connection can then be accepted. */
  freeDescriptor(): void {
    this.#descriptors--
    this.descriptorsFreed()
  }

  /** Accepts waiting connections, because descriptors may be free. */
  descriptorsFreed(): void {
    for (const port of this.#ports.values()) port.accept()
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
    return [...this.#ports.values()]
  }

  /** The port that listens at an address of this host; undefined when there is no such port. */
  portAt(address: Address): SimulatedPort | undefined {
    return this.#ports.get(keyOf(address))
  }

  /** @throws {CannotListenError} when the address is taken. */
  bindPort(port: SimulatedPort): void {
    const address = port.getHost()
    const key = keyOf(address)
    if (this.#ports.has(key)) throw new CannotListenError(address, inUse())
    this.#ports.set(key, port)
  }

  /** Removes a listening port. */
  freePort(port: SimulatedPort): void {
    this.#ports.delete(keyOf(port.getHost()))
  }

  /** @throws {Error} EADDRINUSE when the port is taken, unless both sockets have `reuseAddress`. */
  bindDatagrams(asked: DatagramBinding): SimulatedDatagramWire {
    const port = asked.address.port === 0 ? this.nextPort() : asked.address.port
    const binding = { ...asked, address: udpAddress(asked.address.host, port) }
    for (const { binding: other } of this.#datagrams)
      if (other.address.port === port && !(other.reuseAddress && binding.reuseAddress)) throw inUse()
    const socket = new SimulatedDatagramWire(this, binding)
    this.#datagrams.add(socket)
    return socket
  }

  /** Removes a socket, which receives nothing more. */
  freeDatagrams(socket: SimulatedDatagramWire): void {
    this.#datagrams.delete(socket)
  }

  /** The sockets that receive a datagram from `from` to `to`. */
  datagramsAt(from: UDPAddress, to: UDPAddress): readonly SimulatedDatagramWire[] {
    return Array.from(this.#datagrams).filter((socket) => socket.receives(from, to))
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

function keyOf(address: Address): string {
  return address.type === 'UNIX' ? address.path : String(address.port)
}

function inUse(): Error {
  return Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })
}
