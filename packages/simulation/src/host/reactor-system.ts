import type { DatagramBinding, DatagramWire } from '@ropewalk/core/reactor'
import type { LogEvent } from '@ropewalk/core/log'
import type { ListeningPort } from '@ropewalk/core'
import type { Machine, HostKernel } from '../network/host-kernel.ts'
import type { NameConditions } from '../network/names.ts'
import type { Network } from '../network/network.ts'
import type { TCPStack } from '../network/tcp-stack.ts'
import type { Disk } from '../disk/disk.ts'
import type { DiskUser } from '../disk/disk-drive.ts'
import type { SimulatedDisk } from '../disk/simulated-disk.ts'
import type { Random } from '../random.ts'
import type { HostClock } from '../time/host-clock.ts'

/** A machine, as one run of it uses it. It outlives the run. */
export interface HostState extends Machine {
  readonly network: Network<HostState>
  readonly random: Random
  /** Its disk, as used by its current run. */
  readonly disk: SimulatedDisk
  /** Its disk, as used by one run. */
  diskOf(user: () => DiskUser | undefined): SimulatedDisk
  /** The files that a test has put beside the disk, by path. `readFile` finds them first. */
  readonly files: ReadonlyMap<string, Uint8Array | string>
  /** Most connections at a time, including attempts to connect. */
  readonly maxDescriptors: number
  /** Delay before its program reads each chunk received, in milliseconds. */
  readonly readDelayMs: number
  /** Whether a reset that follows bytes at once is notified as the end of the stream. */
  readonly resetsLookLikeEnds: boolean
  /** Conditions of name lookups by this host, which override those of the network. */
  readonly names: Partial<NameConditions>
  /** Runs a callback of the host. */
  run(call: () => unknown): void
  /** Called with each event that its reactor logs. */
  noteLogged(event: LogEvent): void
  /** Returns when a timer is called that is due at a virtual time: then, or later when the program is busy. */
  lateness(dueMs: number): number
  /** Called when the program reads the clock. */
  clockAsked(): void
}

/** One run of a machine, as its reactor uses it. */
export interface ReactorSystem extends HostKernel {
  readonly host: HostState
  readonly clock: HostClock
  readonly stack: TCPStack
  /** The disk of its machine. Operations stay pending when the run is over. */
  readonly disk: Disk
  /** The listening ports. */
  readonly ports: readonly ListeningPort[]
  /** Removes the file of a UNIX socket on which no program listens. */
  removeStale(path: string): void
  /**
   * Resolves with the addresses of a name.
   *
   * @throws {DNSLookupError} (rejects) when it has none, or the service fails.
   */
  lookup(name: string): Promise<readonly string[]>
  /** @throws {Error} EADDRINUSE when the port is taken, unless both sockets have `reuseAddress`. */
  bindDatagrams(asked: DatagramBinding): DatagramWire
}
