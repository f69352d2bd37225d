/** A file, or a function in it, that may be longer than the rule. */
export interface LengthAllowance {
  readonly path: string
  /** The function's name, `#` included; absent when the whole file is meant. */
  readonly name?: string
  /** Why it is better long than cut. */
  readonly reason: string
}

/** Everything that is long for a reason. Short, and argued. */
export const LENGTH_ALLOWANCES: readonly LengthAllowance[] = []
