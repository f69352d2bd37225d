import { DEFAULT_DISK, DISK_RULES, type DiskConditions } from './disk/disk-conditions.ts'
import { FLOW_RULES, LINK_RULES, type LinkConditions } from './network/network-rules.ts'
import type { FlowLimits } from './network/tcp-sender.ts'
import type { RunConditions } from './reduction.ts'
import {
  count,
  either,
  filledText,
  flag,
  having,
  type OptionRule,
  type OptionRules,
  optionsOf,
  quantity,
} from '@ropewalk/core/options'

/** The options of a simulation. */
export interface SimulationOptions {
  /** The seed. All random choices of the run follow from it. */
  readonly seed: string | number
  /** Conditions of all links. Default: latency 1 to 20 ms, no loss, no duplicates, 10 MB per second. */
  readonly link?: Partial<LinkConditions> | undefined
  /** TCP limits of all hosts. Default: buffers of 64 KiB, segments of 1460 bytes, `giveUpMs` 120 000. */
  readonly limits?: Partial<FlowLimits> | undefined
  /**
   * Conditions of all disks. Default: `latencyMs` 0.05 to 1 ms, `syncMs` 1 to 15 ms, 200 MB per second, no limit of
   * size, `order` `'ordered'`.
   */
  readonly disk?: Partial<DiskConditions> | undefined
  /**
   * Which faults planned by `injectFaults` happen: a set of places in `script`, or a text such as
   * `2:300,5,no-loss`, which the message of a failed scenario has. Default: all.
   */
  readonly faults?: ReadonlySet<number> | string | undefined
  /**
   * Makes `Math.random`, `Date`, `performance.now`, `process.hrtime`, `process.uptime`, the times of marks and
   * events and, in `crypto`, `randomBytes`, `randomInt`, `randomUUID`, `randomFillSync` and `getRandomValues`
   * follow the seed and the host's clock, for code that runs in a host. They are replaced in the whole process
   * while virtual time passes; code outside of hosts still gets the real values. Default true.
   */
  readonly seedGlobals?: boolean | undefined
  /**
   * Draws from the seed whatever the options and the plans of faults leave open: the conditions of links, TCP
   * limits, the rates of clocks, timers that are late, the order of events at the same time, and the kinds,
   * number and length of faults. Default false; `simulateAll` and `simulate` turn it on.
   */
  readonly swarm?: boolean | undefined
  /** How many of the newest packets and events `trace` keeps at least. Default 200 000. */
  readonly maxArrows?: number | undefined
}

const DEFAULT_LINK: LinkConditions = {
  latencyMs: [1, 20],
  lossPerMille: 0,
  duplicatesPerMille: 0,
  bytesPerSecond: 10_000_000,
}
const DEFAULT_LIMITS: FlowLimits = {
  sendBufferBytes: 65_536,
  receiveBufferBytes: 65_536,
  segmentBytes: 1460,
  giveUpMs: 120_000,
  cuts: 'anywhere',
}

const SEED: OptionRule = either(filledText, quantity({ least: -Infinity }), 'a string or a number')
/** The conditions of a run without `swarm`. */
export const PLAIN: RunConditions = {
  link: DEFAULT_LINK,
  limits: DEFAULT_LIMITS,
  disk: DEFAULT_DISK,
  maxSkew: 0,
  lateMs: 0,
  shufflesTies: false,
}
/** The rules for the options of a simulation. */
export const SIMULATION_RULES: OptionRules<SimulationOptions> = {
  seed: SEED,
  link: optionsOf(LINK_RULES),
  limits: optionsOf(FLOW_RULES),
  disk: optionsOf(DISK_RULES),
  faults: either(having('', 'has'), filledText, 'a Set of places in the scripts, or a text that has them'),
  swarm: flag,
  seedGlobals: flag,
  maxArrows: count({ least: 1, endless: true }),
}
