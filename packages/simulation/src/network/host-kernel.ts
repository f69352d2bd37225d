import type { Reactor } from '@ropewalk/core'
import type { UDPAddress } from '@ropewalk/core/udp'
import type { ConnectionRegistry } from '@ropewalk/core/reactor'
import type { Random } from '../random.ts'
import type { EventQueue } from '../time/event-queue.ts'
import type { Trace } from '../trace.ts'
import type { Interfaces } from './interfaces.ts'
import type { Link } from './link.ts'
import type { NetworkStats } from './network-stats.ts'
import type { Endpoint, Segment } from './segment.ts'
import type { TCPConnection, TCPUser } from './tcp-connection.ts'
import type { FlowLimits } from './tcp-sender.ts'

/** A machine, as the network sees it. */
export interface Machine {
  readonly name: string
  readonly interfaces: Interfaces
  /** TCP in its operating system; undefined while it has no power. */
  readonly stack: SegmentReceiver | undefined
  /** The current run of its program; undefined while the program is not running. */
  readonly life: HostKernel | undefined
  /** Whether it receives nothing, because it has no power or is frozen. */
  readonly isSilent: boolean
  /** Whether its ports drop new connection attempts, as with a full backlog. */
  readonly backlogFull: boolean
  /** The paths of its UNIX sockets. They stay when the program ends without removing them. */
  readonly socketFiles: Set<string>
}

/** TCP in the operating system of a machine, as a packet finds it. */
interface SegmentReceiver {
  receive(segment: Segment): void
}

/** One run of the program of a machine, with what its operating system keeps for it. */
export interface HostKernel extends EndSystem {
  readonly host: Machine
  readonly network: NetworkView
  readonly reactor: Reactor & { readonly registry: PortRegistry }
  readonly stack: ProgramStack
  readonly isOver: boolean
  /** Takes a descriptor. @returns false when no descriptor is left. */
  takeDescriptor(): boolean
  freeDescriptor(): void
  endOpened(end: NamedEnd): void
  bindPort(port: ListenPort): void
  freePort(port: ListenPort): void
  /** The sockets that receive a datagram from `from` to `to`. */
  datagramsAt(from: UDPAddress, to: UDPAddress): readonly DatagramReceiver[]
  freeDatagrams(socket: DatagramReceiver): void
}

/** TCP in the operating system of a machine, as a program uses it. */
interface ProgramStack {
  readonly ports: ReadonlySet<ListenPort>
  connect(local: Endpoint, remote: Endpoint, user: TCPUser): TCPConnection
  portTowards(host: string, remote: Endpoint, wanted?: number): number
}

/** A listening port, as its operating system uses it. */
export interface ListenPort {
  readonly endpoint: Endpoint
  readonly ipv6Only: boolean
  /** Whether the backlog has space for another connection. */
  readonly hasCapacity: boolean
  /** A handshake begins. @returns the end of the connection that its program will accept. */
  opening(syn: Segment, peerHost: string): OpeningEnd
}

/** An end of a connection whose handshake begins. */
export interface OpeningEnd extends TCPUser {
  connect(connection: TCPConnection): void
}

/** A socket that receives datagrams. */
export interface DatagramReceiver {
  receive(data: Buffer, from: UDPAddress): void
}

/** The network, as one machine uses it. */
export interface NetworkView {
  readonly stats: NetworkStats
  readonly setup: {
    readonly events: EventQueue
    readonly random: Random
    readonly trace: Trace
    readonly limits: FlowLimits
    stations(): Iterable<Machine>
  }
  /** The machine with this address on the network; undefined when there is no such machine. */
  stationAt(address: string): Machine | undefined
  link(from: Machine, to: Machine): Link
  between(one: Machine, other: Machine): readonly [Link, Link]
}

/** The registry of a reactor, with its ports. */
interface PortRegistry extends ConnectionRegistry {
  portClosed(port: { stopListening(): Promise<void> }): void
}

/** The program that an end of a connection belongs to. */
export interface EndSystem {
  /** Runs a callback of the program: now, after a pause if the host is paused, or never if it has ended. */
  execute(call: () => unknown): void
  /** Runs a callback of the program in a later turn. */
  executeSoon(call: () => unknown): void
  /** Runs a callback of the program `delayMs` from now. */
  executeLater(delayMs: number, call: () => unknown): void
  /** Runs one read of the program as `execute` does, or after the host's `readDelayMs`. */
  executeRead(call: () => unknown): void
  /** Whether its program reads slowly: one chunk for each `executeRead`. */
  readonly readsSlowly: boolean
  /** Whether a reset that follows bytes at once is notified as the end of the stream. */
  readonly resetsLookLikeEnds: boolean
  /** The end is closed: its descriptor is free. */
  released(end: NamedEnd): void
}

/** An end of a connection, as the simulation sees it. */
export interface NamedEnd {
  /** The name of the host at the other end. */
  readonly peerHost: string
  /** Its connection in the operating system. */
  readonly connection: TCPConnection | undefined
}
