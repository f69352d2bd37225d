import { describeFault, type Fault, type FaultKind, type FaultPlan, randomFaults } from './faults.ts'
import type { SimulatedHost } from './host/simulated-host.ts'
import { inject } from './inject.ts'
import type { Random } from './random.ts'
import type { EventQueue } from './time/event-queue.ts'
import { drawPlan } from './swarm.ts'
import type { Trace } from './trace.ts'

/** The constructor arguments of `FaultScript`. */
export interface FaultScriptSetup {
  readonly events: EventQueue
  readonly random: Random
  readonly trace: Trace
  readonly hosts: ReadonlyMap<string, SimulatedHost>
  /**
   * Which of the planned faults happen, as indices into `planned`, and for how many milliseconds. Undefined:
   * all, and for as long as planned.
   */
  readonly wanted: ReadonlyMap<number, number | undefined> | undefined
  /** Whether what a plan leaves open is drawn from the seed. */
  readonly swarm: boolean
  /** Called when a fault has begun or ended. */
  readonly changed: () => void
}

/** The faults of one run: those planned from the seed, and a count of those that have begun. */
export class FaultScript {
  /** Every fault that was planned, including those that `wanted` leaves out. */
  readonly planned: Fault[] = []
  /** How many faults of each kind have begun. */
  readonly seen: Partial<Record<FaultKind, number>> = {}
  readonly #setup: FaultScriptSetup

  #ahead = 0
  /** How many plans there were: a plan without faults must not make the next one the same. */
  #plans = 0

  constructor(setup: FaultScriptSetup) {
    this.#setup = setup
  }

  /** How many scheduled faults have not begun, or have not ended. */
  get ahead(): number {
    return this.#ahead
  }

  /**
   * Plans faults between the hosts that exist now, and schedules those that are wanted.
   *
   * @throws {Error} when the plan names a host that does not exist.
   */
  plan(plan: FaultPlan): readonly Fault[] {
    const { random, hosts, wanted, swarm } = this.#setup
    const before = this.planned.length
    for (const name of plan.hosts ?? []) this.#hostNamed(name)
    const drawn = swarm ? drawPlan(random.fork(`plan ${this.#plans}`), plan) : plan
    const script = randomFaults(random.fork(`faults ${this.#plans}`), plan.hosts ?? [...hosts.keys()], drawn)
    this.#plans++
    this.planned.push(...script)
    for (const [at, fault] of script.entries()) {
      if (wanted !== undefined && !wanted.has(before + at)) continue
      this.inject({ ...fault, forMs: wanted?.get(before + at) ?? fault.forMs })
    }
    return script
  }

  /** Schedules one fault, to begin `atMs` from now. */
  inject(fault: Fault): void {
    const { events, trace, changed } = this.#setup
    const [one, other] = [this.#hostNamed(fault.one), this.#hostNamed(fault.other)]
    this.#ahead++
    events.after(fault.atMs, () => {
      trace.note(fault.one, `fault: ${describeFault(fault)}`)
      this.seen[fault.kind] = (this.seen[fault.kind] ?? 0) + 1
      const end = inject(fault, one, other)
      changed()
      events.after(fault.forMs, () => {
        end()
        this.#ahead--
        changed()
      })
    })
  }

  #hostNamed(name: string): SimulatedHost {
    const host = this.#setup.hosts.get(name)
    if (host === undefined) throw new Error(`Cannot inject a fault: there is no host named "${name}"`)
    return host
  }
}
