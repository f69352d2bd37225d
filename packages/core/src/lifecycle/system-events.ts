import type { LogObserver } from '../interfaces/log.ts'
import type { ReactorTime, SystemEvent, TriggerId, TriggerPhase } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, oneOf } from '../options/option-rules.ts'
import { ResettableTimer } from '../transport/alarm.ts'
import { callSafely } from '../safely.ts'

/** How long a phase waits for the promises of its triggers. */
export interface PhaseWait {
  readonly reactor: ReactorTime
  /** Longest wait for one trigger, in milliseconds; then that is logged, and the phase goes on without it. */
  readonly triggerMs: number
  /** What a trigger may return without being waited for: the stop of which the phase is a part. */
  readonly except: Promise<unknown>
}

/** The triggers of a reactor's start and stop. */
export class SystemEvents {
  readonly #log: LogObserver
  readonly #triggers: Trigger[] = []

  constructor(log: LogObserver) {
    this.#log = log
  }

  /**
   * Runs `call` in `phase` of `event`, every time it comes.
   *
   * @throws {TypeError | RangeError} for a phase or an event that does not exist, or when `call` is not a function.
   */
  add(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    checkValue('addSystemEventTrigger', 'phase', phase, oneOf(...PHASES))
    checkValue('addSystemEventTrigger', 'event', event, oneOf('startup', 'shutdown'))
    checkValue('addSystemEventTrigger', 'call', call, callable)
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
      await this.firePhase(phase, event)
    }
  }

  /** Runs the triggers of one phase, and resolves when each is done or `wait` is over. */
  async firePhase(phase: TriggerPhase, event: SystemEvent, wait?: PhaseWait): Promise<void> {
    const due = this.#triggers.filter((trigger) => trigger.event === event && trigger.phase === phase)
    await Promise.all(due.map((trigger) => this.#run(trigger, wait)))
  }

  async #run({ phase, event, call }: Trigger, wait: PhaseWait | undefined): Promise<void> {
    const done = callSafely(
      () => {
        const result = call()
        return result === wait?.except ? undefined : result
      },
      (error) => this.#log({ level: 'error', text: `A trigger ${phase} ${event} failed`, error }),
    )
    if (done === undefined || wait === undefined) return done
    const { reactor, triggerMs } = wait
    await new Promise<void>((resolve) => {
      const late = new ResettableTimer(reactor, () => {
        const text = `A trigger ${phase} ${event} has not finished in {triggerMs} ms; the reactor goes on without it`
        this.#log({ level: 'error', text, fields: { triggerMs }, label: call.name || undefined })
        resolve()
      })
      late.set(triggerMs)
      void done.then(() => {
        late.clear()
        resolve()
      })
    })
  }
}

interface Trigger extends TriggerId {
  readonly call: () => unknown
}

const PHASES: readonly TriggerPhase[] = ['before', 'during', 'after']
