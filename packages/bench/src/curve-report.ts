import type { Unit } from './drawing/units.ts'
import type { Outcome } from './verdict.ts'

/** What was measured beside the table of workloads. */
export type CurveReport = LinesReport | ComparisonReport

/** What all reports have. */
interface AnyCurveReport {
  readonly title: string
  /** What was done, as sentences. */
  readonly about: string
  /** What could not be measured: sentences. */
  readonly remarks: readonly string[]
  readonly targets: readonly Outcome[]
  /** How often each figure was measured; it is the median. */
  readonly rounds: number
  /** How long a round counted requests; several times when that depends on the load, and none for memory. */
  readonly seconds: readonly number[]
}

/** One line for each server. */
export interface LinesReport extends AnyCurveReport {
  readonly kind: 'lines'
  readonly x: Axis
  readonly y: Axis
  /** Ours is the first. */
  readonly lines: readonly Line[]
}

/** What one axis shows. */
export interface Axis {
  readonly label: string
  readonly unit: Unit
}

/** The medians of one server. */
export interface Line {
  readonly server: string
  /** In the order of x. A server may lack some points. */
  readonly points: readonly Point[]
}

/** One median. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** Several figures of each server. */
export interface ComparisonReport extends AnyCurveReport {
  readonly kind: 'comparison'
  readonly figures: readonly Axis[]
  /** Ours is the first. */
  readonly rows: readonly ComparisonRow[]
}

/** The figures of one server. */
interface ComparisonRow {
  readonly server: string
  /** In the order of the report's figures. */
  readonly values: readonly number[]
}
