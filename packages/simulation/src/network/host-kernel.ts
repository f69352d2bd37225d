import type { Address, Reactor } from '@ropewalk/core'
import type { UDPAddress } from '@ropewalk/core/udp'
import type { ConnectedWire, ConnectionRegistry } from '@ropewalk/core/reactor'
import type { Random } from '../random.ts'
import type { EventQueue } from '../time/event-queue.ts'
import type { Trace } from '../trace.ts'
import type { FlowLimits } from './flow.ts'
import type { Link } from './link.ts'
import type { NetworkStats } from './network-stats.ts'

/** A machine, as the network sees it. */
export interface Machine {
  readonly name: string
  readonly address: string
  /** Its current run; undefined while it is down. */
  readonly life: HostKernel | undefined
  /** Whether it neither sends nor receives, because it is down or frozen. */
  readonly isSilent: boolean
  /** Whether its ports drop new connection attempts, as with a full backlog. */
  readonly backlogFull: boolean
}

/** One run of a machine: its program, and the open connections, ports and sockets of its operating system. */
export interface HostKernel extends EndSystem {
  readonly host: Machine
  readonly network: NetworkView
  readonly reactor: Reactor & { readonly registry: PortRegistry }
  readonly isOver: boolean
  /** The port number last returned by `nextPort`. */
  readonly lastPort: number
  /** Returns a port number for a new connection from this machine. */
  nextPort(): number
  /** Takes a descriptor. @returns false when no descriptor is left. */
  takeDescriptor(): boolean
  freeDescriptor(): void
  endOpened(end: NamedEnd): void
  /** The port that listens at an address of this machine; undefined when there is no such port. */
  portAt(address: Address): ListenPort | undefined
  bindPort(port: ListenPort): void
  freePort(port: ListenPort): void
  /** The sockets that receive a datagram from `from` to `to`. */
  datagramsAt(from: UDPAddress, to: UDPAddress): readonly DatagramReceiver[]
  freeDatagrams(socket: DatagramReceiver): void
  /**
   * Resolves with the addresses of a name.
   *
   * @throws {DNSLookupError} (rejects) when it has none, or the service fails.
   */
  lookup(name: string): Promise<readonly string[]>
}

/** A listening port, as an attempt to connect uses it. */
export interface ListenPort {
  /** Whether the backlog has space for another connection. */
  readonly hasCapacity: boolean
  getHost(): Address
  /** A handshake has begun. */
  opening(): void
  /** A handshake that began was abandoned. */
  abandoned(): void
  /** A handshake is complete: the connection waits to be accepted. */
  opened(wire: ConnectedWire): void
  /** Accepts queued connections, as far as free descriptors allow. */
  accept(): void
}

/** A socket that receives datagrams. */
export interface DatagramReceiver {
  receive(data: Buffer, from: UDPAddress): void
}

/** The network, as one run of a machine uses it. */
interface NetworkView {
  readonly stats: NetworkStats
  readonly setup: {
    readonly events: EventQueue
    readonly random: Random
    readonly trace: Trace
    readonly limits: FlowLimits
    stations(): Iterable<Machine>
  }
  /** The machine with this address; undefined when there is no such machine. */
  stationAt(address: string): Machine | undefined
  link(from: Machine, to: Machine): Link
  between(one: Machine, other: Machine): readonly [Link, Link]
}

/** The registry of a reactor, with its ports. */
interface PortRegistry extends ConnectionRegistry {
  portClosed(port: { getHost(): Address; stopListening(): Promise<void> }): void
}

/** The operating system that an end of a connection belongs to. */
export interface EndSystem {
  /** Runs a callback of the program: now, after a pause if the host is paused, or never if it has crashed. */
  execute(call: () => unknown): void
  /** Runs a callback of the program in a later turn. */
  executeSoon(call: () => unknown): void
  /** Runs one read of the program as `execute` does, or after the host's `readDelayMs`. */
  executeRead(call: () => unknown): void
  /** Whether its program reads slowly: one chunk for each `executeRead`. */
  readonly readsSlowly: boolean
  /** The end is closed: its descriptor is free. */
  released(end: NamedEnd): void
}

/** An end of a connection, as its operating system sees it. */
export interface NamedEnd {
  readonly name: string
  /** The name of the host at the other end. */
  readonly peerHost: string
  /** Closes this end with an error of the given code. */
  broken(code: string): void
  /** The host has crashed: the end is gone, and nothing is called any more. */
  vanish(): void
}
