import { type Fault, isOverAtOnce } from './faults.ts'
import type { Calm, Reduction } from './reduction.ts'

/** What a failed run could do without. */
export interface Shrinkable {
  readonly script: readonly Fault[]
  /** Conditions that can be left out besides those that are. */
  calmsLeft(calm: ReadonlySet<Calm>): readonly Calm[]
}

/**
 * Leaves out of a run whatever its failure does not need: faults, then conditions of the network and a part
 * of the duration of faults, again and again until nothing more can be left out. Programs always run: without
 * them, every check that something has happened would fail.
 *
 * @param start What the failed run left out already.
 * @param fails Runs again, and resolves with whether the run fails in the same way.
 * @param goesOn Whether there is time for another run.
 */
export async function shrink(
  sim: Shrinkable,
  start: Reduction,
  fails: (reduction: Reduction) => Promise<boolean>,
  goesOn: () => boolean,
): Promise<Reduction> {
  const { script } = sim
  let best: Reduction = {
    ...start,
    faults: start.faults ?? new Map(Array.from(script.keys(), (at) => [at, undefined])),
  }
  const tries = async (candidate: Reduction): Promise<boolean> => {
    if (!goesOn() || !(await fails(candidate))) return false
    best = candidate
    return true
  }
  for (let before: Reduction | undefined; before !== best && goesOn();) {
    before = best
    for (const at of wantedOf(best)) await tries({ ...best, faults: without(best.faults, at) })
    for (const calm of sim.calmsLeft(best.calm))
      if (!best.calm.has(calm) && sim.calmsLeft(best.calm).includes(calm))
        await tries({ ...best, calm: new Set([...best.calm, calm]) })
    for (const at of wantedOf(best))
      for (let forMs = halfOf(best, script, at); forMs >= 1; forMs = halfOf(best, script, at))
        if (!(await tries({ ...best, faults: new Map([...(best.faults ?? []), [at, forMs]]) }))) break
  }
  return best
}

function wantedOf({ faults }: Reduction): readonly number[] {
  return [...(faults?.keys() ?? [])]
}

function without(faults: Reduction['faults'], at: number): Reduction['faults'] {
  return new Map(Array.from(faults ?? []).filter(([each]) => each !== at))
}

/** Half the duration of a fault, in whole milliseconds; 0 when it cannot be shorter. */
function halfOf({ faults }: Reduction, script: readonly Fault[], at: number): number {
  const fault = script[at]
  if (fault === undefined || isOverAtOnce(fault.kind)) return 0
  return Math.floor((faults?.get(at) ?? fault.forMs) / 2)
}
