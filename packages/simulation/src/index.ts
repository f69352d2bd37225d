/**
 * Hosts on a virtual network with faults, in virtual time, from a seed.
 *
 * @module
 */
export type { DiagramOptions } from './diagram/text-diagram.ts'
export type { Disk, DiskWriteOptions } from './disk/disk.ts'
export type { DiskConditions, DiskOrder } from './disk/disk-conditions.ts'
export type { SimulatedDisk } from './disk/simulated-disk.ts'
export type { ErrorCount, ErrorMatch } from './expected-errors.ts'
export type { EventuallyOptions, PropertyCheck } from './properties.ts'
export { describeFault, type Fault, FAULT_KINDS, type FaultKind, type FaultPlan } from './faults.ts'
export type { HostReactor } from './host/host-reactor.ts'
export type { HostProgram, SimulatedHost } from './host/simulated-host.ts'
export { describeLeak, type Leak } from './call-site.ts'
export type { FlowLimits } from './network/tcp-sender.ts'
export type { Delivery, Link } from './network/link.ts'
export type { LinkConditions } from './network/network-rules.ts'
export type { NameConditions } from './network/names.ts'
export type { NetworkStats } from './network/network-stats.ts'
export type { Network } from './network/network.ts'
export type { Capture } from './replay/capture.ts'
export type { Cuts } from './replay/cuts.ts'
export {
  replay,
  type Replayed,
  type ReplayedConnection,
  ReplayFailed,
  type ReplayOptions,
} from './replay/replay.ts'
export { Random } from './random.ts'
export type { Scenario } from './attempt.ts'
export { simulateAll, type SimulateOptions } from './scenario.ts'
export type { Coverage } from './tally.ts'
export { ScenarioFailed } from './scenario-failed.ts'
export { Simulation } from './simulation.ts'
export type { SimulationOptions } from './simulation-options.ts'
export { SimulationFailed } from './run-loop.ts'
export type { Arrow, Trace } from './trace.ts'
