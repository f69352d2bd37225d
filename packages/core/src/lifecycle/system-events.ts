import type { LogObserver } from '../contracts/log.ts'
import type { SystemEvent, TriggerId, TriggerPhase } from '../contracts/reactor.ts'

/** The triggers of a reactor's start and stop. */
export class SystemEvents {
  readonly #log: LogObserver
  readonly #triggers: Trigger[] = []

  constructor(log: LogObserver) {
    this.#log = log
  }

  /** Runs `call` in `phase` of `event`, every time it comes. */
  add(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    const trigger = { phase, event, call }
    this.#triggers.push(trigger)
    return trigger
  }

  /** Does nothing when the trigger is gone already. */
  remove(id: TriggerId): void {
    const at = this.#triggers.findIndex((trigger) => trigger === id)
    if (at >= 0) this.#triggers.splice(at, 1)
  }

  /**
   * Runs the triggers of `event`: before, during, after; within a phase in the order they were added.
   * Each phase waits for the promises of the one before. A trigger that fails is logged.
   *
   * @param wanted Asked before each phase; false leaves the rest out.
   */
  async fire(event: SystemEvent, wanted: () => boolean = () => true): Promise<void> {
    for (const phase of PHASES) {
      if (!wanted()) return
      const due = this.#triggers.filter((trigger) => trigger.event === event && trigger.phase === phase)
      await Promise.all(due.map((trigger) => this.#run(trigger)))
    }
  }

  async #run({ phase, event, call }: Trigger): Promise<void> {
    try {
      await call()
    } catch (error) {
      this.#log({ level: 'error', text: `A trigger ${phase} ${event} failed`, error })
    }
  }
}

interface Trigger extends TriggerId {
  readonly call: () => unknown
}

const PHASES: readonly TriggerPhase[] = ['before', 'during', 'after']
