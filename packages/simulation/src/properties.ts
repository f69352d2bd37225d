import { milliseconds, type OptionRules } from '@ropewalk/core/options'
import { isThenable } from '@ropewalk/core/reactor'
import type { EventQueue, TimelineEvent } from './time/event-queue.ts'

/** A check of a property: the property does not hold when it returns false or throws. It must not wait. */
export type PropertyCheck = () => unknown

/** The options of `eventually`. */
export interface EventuallyOptions {
  /** Virtual milliseconds after the end of the last fault within which the property must hold. Default 60 000. */
  readonly withinMs?: number | undefined
}

/** The constructor arguments of `Properties`. */
export interface PropertiesSetup {
  readonly events: EventQueue
  /** How many faults have not begun, or have not ended. */
  readonly faultsAhead: () => number
  /** Returns the newest lines of the trace. */
  readonly recentLines: () => readonly string[]
  /** Fails the run. `earlier` are lines of the trace that explain it. */
  readonly fail: (why: string, cause: unknown, earlier?: readonly string[]) => void
}

/** The properties that a scenario declares, checked while it runs. */
export class Properties {
  readonly #setup: PropertiesSetup
  readonly #always = new Map<string, PropertyCheck>()
  readonly #eventually = new Set<Eventually>()
  readonly #sometimes = new Map<string, number>()

  constructor(setup: PropertiesSetup) {
    this.#setup = setup
  }

  /** How often each property of `sometimes` held. */
  get counts(): ReadonlyMap<string, number> {
    return this.#sometimes
  }

  /** The properties of `eventually` that have not held yet, one line each. */
  get missing(): readonly string[] {
    return Array.from(this.#eventually)
      .filter(({ held }) => !held)
      .map(
        ({ name }) =>
          `eventually "${name}": it did not hold between the last fault and the end of the run; run longer if it needs more time`,
      )
  }

  /** The newest lines of the trace at the end of the last fault, for `missing`. */
  get linesAtLastFault(): readonly string[] {
    return Array.from(this.#eventually).find(({ held }) => !held)?.lines ?? []
  }

  /** Declares a property that must hold after every event that ran code. */
  always(name: string, check: PropertyCheck): void {
    this.#always.set(name, check)
  }

  /** Declares a property that must hold once after the last fault. */
  eventually(name: string, check: PropertyCheck, { withinMs = 60_000 }: EventuallyOptions): void {
    const property: Eventually = {
      name,
      check,
      withinMs,
      held: false,
      deadline: undefined,
      why: undefined,
      lines: [],
    }
    this.#eventually.add(property)
  }

  /** Counts a property that holds in some runs. */
  sometimes(name: string, condition: boolean): void {
    this.#sometimes.set(name, (this.#sometimes.get(name) ?? 0) + (condition ? 1 : 0))
  }

  /** Checks all properties. Called after each event that ran code. */
  afterEvent(): void {
    for (const [name, check] of this.#always) {
      const outcome = outcomeOf(check)
      if (!outcome.holds) this.#setup.fail(`always "${name}": it did not hold`, outcome.why)
    }
    for (const property of this.#eventually) this.#look(property)
  }

  /** Whether any check must run after an event. */
  get areDeclared(): boolean {
    return this.#always.size > 0 || this.#eventually.size > 0
  }

  /** A fault that begins later makes the property due again. */
  #look(property: Eventually): void {
    if (this.#setup.faultsAhead() > 0) {
      property.deadline?.cancel()
      property.deadline = undefined
      property.held = false
      return
    }
    if (property.held) return
    const outcome = outcomeOf(property.check)
    property.why = outcome.why
    property.held = outcome.holds
    if (property.held) property.deadline?.cancel()
    else if (property.deadline === undefined) {
      property.lines = this.#setup.recentLines()
      property.deadline = this.#deadline(property)
    }
  }

  #deadline(property: Eventually): TimelineEvent {
    const { events, fail } = this.#setup
    return events.after(property.withinMs, () => {
      this.#look(property)
      if (property.held || this.#setup.faultsAhead() > 0) return
      const { name, withinMs, why, lines } = property
      fail(`eventually "${name}": it did not hold within ${withinMs} ms after the last fault`, why, lines)
    })
  }
}

interface Eventually {
  readonly name: string
  readonly check: PropertyCheck
  readonly withinMs: number
  held: boolean
  deadline: TimelineEvent | undefined
  /** What the check threw last. */
  why: unknown
  /** The newest lines of the trace at the end of the last fault. */
  lines: readonly string[]
}

function outcomeOf(check: PropertyCheck): { readonly holds: boolean; readonly why: unknown } {
  try {
    const result = check()
    if (isThenable(result)) throw new TypeError('the check returned a promise: it must not wait')
    return { holds: result !== false, why: undefined }
  } catch (error) {
    return { holds: false, why: error }
  }
}

/** The rules for the options of `eventually`. */
export const EVENTUALLY_RULES: OptionRules<EventuallyOptions> = { withinMs: milliseconds() }
