export { type Arrow, type DiagramOptions } from './diagram.ts'
export { describeFault, type Fault, type FaultKind, type FaultPlan } from './faults.ts'
export type { HostReactor } from './host/host-reactor.ts'
export type { HostProgram, SimulatedHost } from './host/simulated-host.ts'
export { describeLeak, type Leak } from './leak.ts'
export type { FlowLimits } from './network/flow.ts'
export type { LinkConditions } from './network/link.ts'
export { Random } from './random.ts'
export {
  type Coverage,
  type Scenario,
  ScenarioFailed,
  simulateAll,
  type SimulateOptions,
} from './scenario.ts'
export { Simulation, type SimulationOptions } from './simulation.ts'
export { SimulationFailed } from './simulation-failed.ts'
export type { Trace } from './trace.ts'
