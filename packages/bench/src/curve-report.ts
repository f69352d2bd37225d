import type { Unit } from './drawing/units.ts'

/** What was measured beside the table of workloads. */
export type CurveReport = LinesReport | ComparisonReport

/** One line for each server. */
export interface LinesReport {
  readonly kind: 'lines'
  readonly title: string
  /** What was done, as sentences. */
  readonly about: string
  readonly x: Axis
  readonly y: Axis
  /** Ours is the first. */
  readonly lines: readonly Line[]
  /** What came of targets, and what could not be measured: sentences. */
  readonly remarks: readonly string[]
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
export interface ComparisonReport {
  readonly kind: 'comparison'
  readonly title: string
  /** What was done, as sentences. */
  readonly about: string
  readonly figures: readonly Axis[]
  /** Ours is the first. */
  readonly rows: readonly ComparisonRow[]
  readonly remarks: readonly string[]
}

/** The figures of one server. */
interface ComparisonRow {
  readonly server: string
  /** In the order of the report's figures. */
  readonly values: readonly number[]
}
