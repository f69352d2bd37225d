import { Fifo } from './fifo.ts'
import type { Random } from '../random.ts'
import type { MachineTime } from '../time/machine-time.ts'
import type { ListenPort, Machine, NetworkView } from './host-kernel.ts'
import { listensAt } from './interfaces.ts'
import type { Link } from './link.ts'
import type { NetworkStats } from './network-stats.ts'
import { type Endpoint, HEADER_BYTES, lengthOf, nameOf, pairOf, type Segment } from './segment.ts'
import { type ConnectionSystem, TCPConnection, type TCPUser } from './tcp-connection.ts'
import type { FlowLimits } from './tcp-sender.ts'

/** The constructor arguments of `TCPStack`. */
export interface StackSetup {
  readonly machine: Machine
  readonly network: NetworkView
  readonly random: Random
  readonly time: MachineTime
}

/** TCP in the operating system of one machine, from power-on to the next power failure. */
export class TCPStack implements ConnectionSystem {
  readonly time: MachineTime
  readonly #setup: StackSetup
  /** The connections, by their two ends. */
  readonly #connections = new Map<string, TCPConnection>()
  /** The connections to forget, the first due first. */
  readonly #old = new Fifo<{ readonly connection: TCPConnection; readonly dueMs: number }>()
  readonly #ports = new Set<ListenPort>()
  #opened = 0
  #lastPort: number

  constructor(setup: StackSetup) {
    this.#setup = setup
    this.time = setup.time
    this.#lastPort = setup.random.between(FIRST_PORT, LAST_PORT)
  }

  get limits(): FlowLimits {
    return this.#setup.network.setup.limits
  }

  get stats(): NetworkStats {
    return this.#setup.network.stats
  }

  /** The listening ports. */
  get ports(): ReadonlySet<ListenPort> {
    return this.#ports
  }

  /** Begins to connect from `local` to `remote`. The handshake is over at `user.established`. */
  connect(local: Endpoint, remote: Endpoint, user: TCPUser): TCPConnection {
    const connection = this.#add(local, remote, user)
    connection.open()
    return connection
  }

  /**
   * Returns a port number for a connection from `host` to `remote`, which no other connection between these
   * addresses has.
   *
   * @param wanted The number to return; 0 for any.
   * @throws {Error} EADDRNOTAVAIL when all are taken.
   */
  portTowards(host: string, remote: Endpoint, wanted: number = 0): number {
    this.#forgetOld()
    const isFree = (port: number): boolean => !this.#connections.has(pairOf({ host, port }, remote))
    if (wanted === 0) return this.#nextPort(isFree, 'EADDRNOTAVAIL')
    if (!isFree(wanted)) throw noPort('EADDRNOTAVAIL')
    return wanted
  }

  /** Returns a number on which no port listens. @throws {Error} EADDRINUSE when all are taken. */
  freePort(): number {
    const taken = new Set(Array.from(this.#ports, ({ endpoint }) => endpoint.port))
    return this.#nextPort((port) => !taken.has(port), 'EADDRINUSE')
  }

  /** Accepts connections at a port from now on. */
  listen(port: ListenPort): void {
    this.#ports.add(port)
  }

  /** Refuses connections at a port from now on. */
  unlisten(port: ListenPort): void {
    this.#ports.delete(port)
  }

  /** Handles a segment that has arrived at the machine. */
  receive(segment: Segment): void {
    const connection = this.#connections.get(pairOf(segment.to, segment.from))
    if (connection !== undefined) return connection.receive(segment)
    if (segment.kind === 'RST') return
    const port = segment.kind === 'SYN' ? this.#portFor(segment.to) : undefined
    if (port === undefined) return this.#refuse(segment)
    // As with a full accept queue, the peer sends its SYN again later.
    if (port.hasCapacity) this.#accept(port, segment)
  }

  /** Closes every connection, as the end of a process does. */
  closeAll(): void {
    this.#ports.clear()
    for (const connection of Array.from(this.#connections.values())) connection.close()
  }

  /** Drops everything: the machine has lost its power. */
  end(): void {
    this.time.end()
    this.#connections.clear()
    this.#old.clear()
    this.#ports.clear()
  }

  transmit(segment: Segment): void {
    const { machine, network } = this.#setup
    const target = this.#machineAt(segment.to.host)
    // No machine has this address, so there is never a reply.
    if (target === undefined) return
    network.link(machine, target).carry({
      what: nameOf(segment),
      bytes: HEADER_BYTES + segment.data.length,
      payload: segment.data,
      arrived: () => target.stack?.receive(segment),
    })
  }

  delivered(connection: TCPConnection, what: Buffer | 'end' | 'reset'): void {
    const peer = this.#machineAt(connection.remote.host)
    if (peer === undefined) return
    const { machine, network } = this.#setup
    const link: Link = network.link(peer, machine)
    link.delivered(this.#streamOf(connection, peer), what)
  }

  forget(connection: TCPConnection): void {
    if (this.#connections.get(connection.pair) === connection) this.#connections.delete(connection.pair)
  }

  forgetLater(connection: TCPConnection): void {
    this.#forgetOld()
    this.#old.push({ connection, dueMs: this.time.now() + OLD_MS })
  }

  #add(local: Endpoint, remote: Endpoint, user: TCPUser, syn?: Segment): TCPConnection {
    const random = this.#setup.random.fork(String(++this.#opened))
    const connection = new TCPConnection({ system: this, random, local, remote, user }, syn)
    this.#connections.set(connection.pair, connection)
    return connection
  }

  #accept(port: ListenPort, syn: Segment): void {
    const peer = this.#machineAt(syn.from.host)
    const opening = port.opening(syn, peer?.name ?? syn.from.host)
    const connection = this.#add(syn.to, syn.from, opening, syn)
    opening.connect(connection)
    connection.open()
  }

  /** Replies with a RST to a segment that belongs to no connection (RFC 9293 §3.10.7.1). */
  #refuse(segment: Segment): void {
    this.transmit({
      from: segment.to,
      to: segment.from,
      kind: 'RST',
      seq: segment.ack,
      ack: segment.seq + lengthOf(segment),
      window: 0,
      beyondGap: undefined,
      data: NOTHING,
    })
  }

  #portFor({ host, port }: Endpoint): ListenPort | undefined {
    let wide: ListenPort | undefined
    for (const listening of this.#ports) {
      const { endpoint, ipv6Only } = listening
      if (endpoint.port !== port || !listensAt(endpoint.host, host, ipv6Only)) continue
      if (endpoint.host === host) return listening
      wide ??= listening
    }
    return wide
  }

  #machineAt(host: string): Machine | undefined {
    const { machine, network } = this.#setup
    return host === UNIX || machine.interfaces.has(host) ? machine : network.stationAt(host)
  }

  #streamOf({ isClient, local, remote }: TCPConnection, peer: Machine): string {
    const { machine } = this.#setup
    return isClient
      ? `${machine.name}:${local.port}>${peer.name} back`
      : `${peer.name}:${remote.port}>${machine.name}`
  }

  #nextPort(isFree: (port: number) => boolean, code: string): number {
    for (let tries = FIRST_PORT; tries <= LAST_PORT; tries++) {
      this.#lastPort = this.#lastPort >= LAST_PORT ? FIRST_PORT : this.#lastPort + 1
      if (isFree(this.#lastPort)) return this.#lastPort
    }
    throw noPort(code)
  }

  #forgetOld(): void {
    const nowMs = this.time.now()
    for (let old = this.#old.first; old !== undefined && old.dueMs <= nowMs; old = this.#old.first) {
      this.#old.shift()
      this.forget(old.connection)
    }
  }
}

/** The host of endpoints of UNIX sockets. */
export const UNIX = 'unix'

/** Whether Linux does not accept a path for a UNIX socket. */
export function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > MOST_PATH_BYTES
}

const MOST_PATH_BYTES = 107
const FIRST_PORT = 49_152
const LAST_PORT = 65_535
/** How long a closed connection is kept, to reply to segments that are sent again. */
const OLD_MS = 60_000
const NOTHING = Buffer.alloc(0)

function noPort(code: string): Error {
  return Object.assign(new Error(`no port is free (${code})`), { code })
}
