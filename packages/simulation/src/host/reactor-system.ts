import type { DatagramBinding, DatagramWire } from '@ropewalk/core/reactor'
import type { ListeningPort } from '@ropewalk/core'
import type { Machine, HostKernel } from '../network/host-kernel.ts'
import type { NameConditions } from '../network/names.ts'
import type { Network } from '../network/network.ts'
import type { Random } from '../random.ts'
import type { HostClock } from '../time/host-clock.ts'

/** A machine, as one run of it uses it: what outlives the run. */
export interface HostState extends Machine {
  readonly network: Network<HostState>
  readonly random: Random
  /** What `readFile` finds, by path. */
  readonly files: ReadonlyMap<string, Uint8Array | string>
  /** Most connections at a time, those being made included. */
  readonly maxDescriptors: number
  /** How long its program takes to come to each piece that has arrived. */
  readonly readDelayMs: number
  /** How names are answered to it, where that is not as to all. */
  readonly names: Partial<NameConditions>
  /** Runs what belongs to it. */
  run(call: () => unknown): void
  /** The clock was asked. */
  clockAsked(): void
}

/** One run of a machine, as its reactor uses it. */
export interface ReactorSystem extends HostKernel {
  readonly host: HostState
  readonly clock: HostClock
  /** Who listens here. */
  readonly ports: readonly ListeningPort[]
  /** @throws {Error} when the address is taken, unless both would share it. */
  bindDatagrams(asked: DatagramBinding): DatagramWire
}
