import { type Arrow, describeArrow, type Trace } from './trace.ts'

/** The first line at which two traces differ; undefined when they are the same. */
export interface TraceDifference {
  /** The number of the line, from 1. */
  readonly line: number
  /** The line of each trace; undefined when it has ended before. */
  readonly one: string | undefined
  readonly other: string | undefined
}

/** Compares two traces from the first arrow that both have kept. */
export function firstDifference(one: Trace, other: Trace): TraceDifference | undefined {
  const from = Math.max(one.dropped, other.dropped)
  const end = Math.max(one.dropped + one.arrows.length, other.dropped + other.arrows.length)
  for (let at = from; at < end; at++) {
    const [here, there] = [one.arrows[at - one.dropped], other.arrows[at - other.dropped]]
    if (!isSameArrow(here, there)) return { line: at + 1, one: shown(here), other: shown(there) }
  }
  return undefined
}

function isSameArrow(one: Arrow | undefined, other: Arrow | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return (
    one.atMs === other.atMs &&
    one.sentMs === other.sentMs &&
    one.from === other.from &&
    one.to === other.to &&
    one.what === other.what &&
    one.lost === other.lost
  )
}

function shown(arrow: Arrow | undefined): string | undefined {
  return arrow === undefined ? undefined : describeArrow(arrow)
}

/** Formats a difference as lines of text. */
export function describeDifference({ line, one, other }: TraceDifference): string {
  return `The traces differ first in line ${line}:\n    ${one ?? '(the end)'}\n    ${other ?? '(the end)'}`
}
