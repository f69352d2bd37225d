import {
  describeFault,
  targetOf,
  type Fault,
  type FaultKind,
  type FaultPlan,
  randomFaults,
} from './faults.ts'
import type { SimulatedHost } from './host/simulated-host.ts'
import { inject } from './inject.ts'
import type { Random } from './random.ts'
import type { EventQueue } from './time/event-queue.ts'
import type { Trace } from './trace.ts'

/** What the faults of a simulation happen to. */
export interface FaultScriptSetup {
  readonly events: EventQueue
  readonly random: Random
  readonly trace: Trace
  readonly hosts: ReadonlyMap<string, SimulatedHost>
  /** Which of the planned faults happen, by their place. Default: all. */
  readonly wanted?: ReadonlySet<number> | undefined
}

/** Faults of one kind that happen to the same, and what mends them. */
interface Lasting {
  count: number
  readonly mend: () => void
}

/** The faults of one run: those that were planned from the seed, and how many have happened. */
export class FaultScript {
  /** Every fault that was planned, those left out too. */
  readonly planned: Fault[] = []
  /** How many of each kind have happened. */
  readonly seen: Partial<Record<FaultKind, number>> = {}
  readonly #setup: FaultScriptSetup
  /** Those that are not over, by what happens to whom. */
  readonly #lasting = new Map<string, Lasting>()

  constructor(setup: FaultScriptSetup) {
    this.#setup = setup
  }

  /** Plans faults between the hosts there are now. */
  plan(plan: FaultPlan): readonly Fault[] {
    const { random, hosts, wanted } = this.#setup
    const before = this.planned.length
    const script = randomFaults(random.fork(`faults ${before}`), [...hosts.keys()], plan)
    this.planned.push(...script)
    for (const [at, fault] of script.entries()) if (wanted?.has(before + at) ?? true) this.inject(fault)
    return script
  }

  /** Makes one fault happen, `atMs` from now. */
  inject(fault: Fault): void {
    const { events, trace } = this.#setup
    const [one, other] = [this.#hostNamed(fault.one), this.#hostNamed(fault.other)]
    events.after(fault.atMs, () => {
      trace.note(fault.one, `fault: ${describeFault(fault)}`)
      this.seen[fault.kind] = (this.seen[fault.kind] ?? 0) + 1
      const end = this.#begin(fault, one, other)
      events.after(fault.forMs, end)
    })
  }

  /** Two of one kind that overlap are one, which lasts until both are over. */
  #begin(fault: Fault, one: SimulatedHost, other: SimulatedHost): () => void {
    const target = targetOf(fault)
    const lasting = this.#lasting.get(target) ?? { count: 0, mend: inject(fault, one, other) }
    this.#lasting.set(target, lasting)
    lasting.count++
    return () => {
      if (--lasting.count > 0) return
      this.#lasting.delete(target)
      lasting.mend()
    }
  }

  #hostNamed(name: string): SimulatedHost {
    const host = this.#setup.hosts.get(name)
    if (host === undefined) throw new Error(`Cannot find a host of the name ${name}`)
    return host
  }
}
