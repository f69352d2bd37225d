import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { NetworkStats } from './network/network-stats.ts'
import type { Simulation } from './simulation.ts'

/** Totals over all runs. */
export interface Coverage {
  readonly runs: number
  readonly virtualMs: number
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  readonly network: Readonly<NetworkStats>
  /** How often each property of `sim.sometimes` was true. */
  readonly sometimes: Readonly<Record<string, number>>
}

/** Adds up the coverage of runs. */
export class Tally {
  readonly #faults: Partial<Record<FaultKind, number>> = {}
  readonly #network = new NetworkStats()
  readonly #sometimes = new Map<string, number>()
  #runs = 0
  #virtualMs = 0

  /** The sum so far. */
  get coverage(): Coverage {
    return {
      runs: this.#runs,
      virtualMs: this.#virtualMs,
      faults: this.#faults,
      network: this.#network,
      sometimes: Object.fromEntries(this.#sometimes),
    }
  }

  /** Adds the counts of `sim.sometimes`; one that was never true is part of the sum with 0. */
  addSometimes(counts: Iterable<readonly [string, number]>): void {
    for (const [name, seen] of counts) this.#sometimes.set(name, (this.#sometimes.get(name) ?? 0) + seen)
  }

  /** Adds one run. */
  addRun(sim: Simulation): void {
    const { network, faultsSeen, nowMs, sometimesSeen } = sim
    this.add({
      runs: 1,
      virtualMs: nowMs,
      faults: faultsSeen,
      network: network.stats,
      sometimes: Object.fromEntries(sometimesSeen),
    })
  }

  /** Adds another sum. */
  add({ runs, virtualMs, faults, network, sometimes }: Coverage): void {
    this.#runs += runs
    this.#virtualMs += virtualMs
    this.#network.add(network)
    for (const kind of FAULT_KINDS)
      if (faults[kind] !== undefined) this.#faults[kind] = (this.#faults[kind] ?? 0) + faults[kind]
    this.addSometimes(Object.entries(sometimes))
  }
}
