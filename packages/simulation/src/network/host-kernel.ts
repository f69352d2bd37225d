import type { Address, Reactor, UDPAddress } from '@ropewalk/core'
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
  /** Its present run; undefined while it is down. */
  readonly life: HostKernel | undefined
  readonly isDown: boolean
  /** Whether nothing passes to it or from it: it is down or frozen. */
  readonly isSilent: boolean
  /** Whether whoever knocks at its ports is not heard, as when too many wait already. */
  readonly backlogFull: boolean
}

/** One run of a machine: its program, and what its operating system has open. */
export interface HostKernel extends EndSystem {
  readonly host: Machine
  readonly network: NetworkView
  readonly reactor: Reactor & { readonly registry: PortRegistry }
  readonly isOver: boolean
  /** The port number that was used last for a connection from here. */
  readonly lastPort: number
  nextPort(): number
  /** @returns false when none is left. */
  takeDescriptor(): boolean
  freeDescriptor(): void
  endOpened(end: NamedEnd): void
  /** Who listens at an address of this machine. */
  portAt(address: Address): ListenPort | undefined
  bindPort(port: ListenPort): void
  freePort(port: ListenPort): void
  /** Who hears what comes to an address of this machine. */
  datagramsAt(from: UDPAddress, to: UDPAddress): readonly DatagramReceiver[]
  freeDatagrams(socket: DatagramReceiver): void
  /** @throws {DNSLookupError} (rejects) */
  lookup(name: string): Promise<readonly string[]>
}

/** A listening port, as those see it who knock. */
export interface ListenPort {
  /** Whether another client may wait. */
  readonly hasCapacity: boolean
  getHost(): Address
  /** A handshake begins. */
  opening(): void
  /** A handshake that began comes to nothing. */
  abandoned(): void
  /** A handshake is done: the connection waits to be accepted. */
  opened(wire: ConnectedWire): void
  /** Accepts those who wait, as far as descriptors allow. */
  accept(): void
}

/** Who receives datagrams. */
export interface DatagramReceiver {
  receive(data: Buffer, from: UDPAddress): void
}

/** The network, as a run of a machine uses it. */
interface NetworkView {
  readonly stats: NetworkStats
  readonly setup: {
    readonly events: EventQueue
    readonly random: Random
    readonly trace: Trace
    readonly limits: FlowLimits
    stations(): Iterable<Machine>
  }
  /** The machine with this address. */
  stationAt(address: string): Machine | undefined
  link(from: Machine, to: Machine): Link
  between(one: Machine, other: Machine): readonly [Link, Link]
}

/** The reactor's own books, which know its ports. */
interface PortRegistry extends ConnectionRegistry {
  portClosed(port: { getHost(): Address; stopListening(): Promise<void> }): void
}

/** The system on which an end of a connection lives. */
export interface EndSystem {
  /** Runs what belongs to the program, now or, while it is paused, later; never once it has crashed. */
  execute(call: () => unknown): void
  /** Runs it in a later turn. */
  executeSoon(call: () => unknown): void
  /** Runs one read of the program: as `execute`, or as late as a slow one comes to it. */
  executeRead(call: () => unknown): void
  /** Whether its program reads slowly: a piece at a time. */
  readonly readsSlowly: boolean
  /** The descriptor is free. */
  released(end: NamedEnd): void
}

/** An end of a connection, as its system keeps it. */
export interface NamedEnd {
  readonly name: string
  /** The host of the other end. */
  readonly peerHost: string
  /** The connection is broken. */
  broken(code: string): void
  /** The host has crashed: nobody hears of anything. */
  vanish(): void
}
