import type { Random } from '../random.ts'
import type { EventQueue } from '../time/event-queue.ts'
import type { Trace } from '../trace.ts'
import type { FlowLimits } from './tcp-sender.ts'
import { Link } from './link.ts'
import type { LinkConditions } from './network-rules.ts'
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
  readonly #links = new Map<Machine, Map<Machine, Link>>()
  readonly #machines = new Map<string, S>()

  constructor(setup: NetworkSetup<S>) {
    this.setup = setup
  }

  /** Adds a machine, which is reached at its addresses. */
  add(machine: S): void {
    const { ipv4, ipv6 } = machine.interfaces
    this.#machines.set(ipv4, machine).set(ipv6, machine)
  }

  /** The machine with this address on the network. */
  stationAt(address: string): S | undefined {
    return this.#machines.get(address)
  }

  /** The link from one host to another, or the loopback link of one host. */
  link(from: Machine, to: Machine): Link {
    const links = this.#links.get(from) ?? new Map<Machine, Link>()
    this.#links.set(from, links)
    const known = links.get(to)
    if (known !== undefined) return known
    const { events, random, trace, conditions } = this.setup
    const link = new Link({
      from: from.name,
      to: to.name,
      events,
      trace,
      stats: this.stats,
      random: random.fork(`${from.name}->${to.name}`),
      conditions: from === to ? LOOPBACK : conditions,
      isSilent: () => to.isSilent,
    })
    links.set(to, link)
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
