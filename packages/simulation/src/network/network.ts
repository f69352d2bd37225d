import type { Random } from '../random.ts'
import type { EventQueue } from '../time/event-queue.ts'
import type { Trace } from '../trace.ts'
import type { FlowLimits } from './flow.ts'
import { Link, type LinkConditions } from './link.ts'
import { Names } from './names.ts'
import { NetworkStats } from './network-stats.ts'
import type { Machine } from './host-kernel.ts'

/** The constructor arguments of `Network`. */
export interface NetworkSetup<S extends Machine> {
  readonly events: EventQueue
  readonly random: Random
  readonly trace: Trace
  readonly conditions: LinkConditions
  readonly limits: FlowLimits
  /** Every machine added so far. */
  stations(): Iterable<S>
}

/** The links between hosts, one in each direction between any two, created when they are first used. */
export class Network<S extends Machine> {
  readonly names: Names = new Names()
  readonly stats: NetworkStats = new NetworkStats()
  readonly setup: NetworkSetup<S>
  readonly #links = new Map<string, Link>()

  constructor(setup: NetworkSetup<S>) {
    this.setup = setup
  }

  /** The machine with this address. */
  stationAt(address: string): S | undefined {
    for (const station of this.setup.stations()) if (station.address === address) return station
    return undefined
  }

  /** The link from one host to another, or the loopback link of one host. */
  link(from: Machine, to: Machine): Link {
    const name = `${from.name}->${to.name}`
    const known = this.#links.get(name)
    if (known !== undefined) return known
    const { events, random, trace, conditions } = this.setup
    const link = new Link({
      from: from.name,
      to: to.name,
      events,
      trace,
      stats: this.stats,
      random: random.fork(name),
      conditions: from === to ? LOOPBACK : conditions,
      isSilent: () => to.isSilent || from.isSilent,
    })
    this.#links.set(name, link)
    return link
  }

  /** The links between two hosts: from `one` to `other`, and back. */
  between(one: Machine, other: Machine): readonly [Link, Link] {
    return [this.link(one, other), this.link(other, one)]
  }
}

const LOOPBACK: LinkConditions = {
  latencyMs: [0.01, 0.02],
  lossPerMille: 0,
  duplicatesPerMille: 0,
  bytesPerSecond: Infinity,
}
