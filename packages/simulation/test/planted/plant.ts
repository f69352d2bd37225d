import type { Scenario } from '../../src/index.ts'

/** A program with a bug, and its mended twin. */
export interface Plant {
  /** The bug, in a few words. */
  readonly bug: string
  /** What a run states that has found it. */
  readonly finding: RegExp
  /** Runs the program with the bug. */
  readonly planted: Scenario
  /** Runs the program without it. */
  readonly mended: Scenario
}
