import { describeFault, type Fault } from './faults.ts'
import { formatReduction, type Reduction } from './reduction.ts'
import { describeLastLines, SimulationFailed } from './run-loop.ts'
import { reasonOf, userFrames } from './same-failure.ts'
import type { Simulation } from './simulation.ts'
import type { Arrow, Trace } from './trace.ts'

/** What is known about a scenario that failed. */
export interface Finding {
  /** The simulation of the failed run; with as few faults as possible, if it was shrunk. */
  readonly simulation: Simulation
  readonly error: unknown
  readonly reduction: Reduction
  /** Why the failure cannot be repeated; undefined when it can. */
  readonly doubt: string | undefined
  /** The path of the diagram that was written. */
  readonly diagram: string | undefined
  /** Returns the command that runs the seed again. */
  readonly command: (seed: string, faults?: string) => string
}

/** A scenario failed. A run with the same `seed` fails again. */
export class ScenarioFailed extends Error {
  override readonly name = 'ScenarioFailed'
  readonly seed: string
  /** The faults that the failure needs, with the duration that it needs. */
  readonly script: readonly Fault[]
  /** What the environment variable `ROPEWALK_FAULTS` must be to run only that; empty for the whole run. */
  readonly faults: string
  /** Private, so that an error that is printed does not have all of it. */
  readonly #simulation: Simulation
  /** The path of the SVG diagram of the run, if one was written. */
  readonly diagram: string | undefined

  constructor({ simulation, error, reduction, doubt, diagram, command }: Finding) {
    const { seed, script: planned } = simulation
    const script = scriptOf(planned, reduction)
    const faults = formatReduction(reduction)
    const again = faults === '' ? command(seed) : command(seed, faults)
    const parts = [
      `Seed ${seed}${timeOf(error)}: ${reasonOf(error)}`,
      ...(doubt === undefined ? describeNeeds(script, reduction, simulation.trace) : [doubt]),
      ...(diagram === undefined ? [] : [`The diagram is ${diagram}`]),
      `Try it again with ${again}`,
    ]
    // The message has all of a SimulationFailed, but for what the program threw.
    const cause = error instanceof SimulationFailed ? error.cause : error
    super(
      parts.join('\n  ') + describeLastLines(lastLinesOf(error, simulation)),
      cause === undefined ? {} : { cause },
    )
    const frames = userFrames(error)
    if (frames.length > 0)
      this.stack = [`ScenarioFailed: ${this.message}`, ...frames.map((frame) => `    ${frame}`)].join('\n')
    this.seed = seed
    this.script = script
    this.faults = faults
    this.#simulation = simulation
    this.diagram = diagram
  }

  /** The failed run with these faults, for diagrams and the trace. */
  get simulation(): Simulation {
    return this.#simulation
  }
}

function scriptOf(planned: readonly Fault[], { faults }: Reduction): readonly Fault[] {
  return planned.flatMap((fault, at) =>
    faults === undefined || faults.has(at) ? [{ ...fault, forMs: faults?.get(at) ?? fault.forMs }] : [],
  )
}

function describeNeeds(script: readonly Fault[], { calm }: Reduction, { arrows }: Trace): readonly string[] {
  const faults = script.map((fault) => `\n    ${describeFault(fault)}`)
  const own = script.length > 0 ? [] : arrows.filter(({ what }) => FAULT_BY_HAND.test(what))
  return [
    faults.length > 0
      ? `It fails with these faults:${faults.join('')}`
      : own.length > 0
        ? `It needs no fault but those that the scenario makes itself:${own.slice(0, MOST_OWN).map(describeOwn).join('')}`
        : 'It needs no fault to fail.',
    ...(calm.size === 0 ? [] : [`It also fails with calmer conditions: ${[...calm].join(', ')}`]),
  ]
}

function describeOwn({ atMs, from, what }: Arrow): string {
  return `\n    at ${Math.round(atMs)} ms: ${from} ${what}`
}

function timeOf(error: unknown): string {
  return error instanceof SimulationFailed ? ` at ${error.atMs.toFixed(3)} ms` : ''
}

function lastLinesOf(error: unknown, simulation: Simulation): readonly string[] {
  return error instanceof SimulationFailed ? error.lastLines : simulation.trace.recentLines
}

/** What the trace notes when a scenario calls `crash`, `kill`, `pause`, `freeze`, `partition` or `inject`. */
const FAULT_BY_HAND =
  /^(?:crashes|is killed|stands still|freezes|is cut off from .*|cannot reach .*|fault: .*)$/
const MOST_OWN = 5
