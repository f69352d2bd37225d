/** One place where the repository does not keep a rule. */
export interface Violation {
  /** The file, from the root of the repository. */
  readonly path: string
  /** Counts from 1. */
  readonly line: number
  /** What is wrong there. */
  readonly what: string
  /** What to do about it. */
  readonly remedy: string
}

/** Violations as people read them, one a line: `file:line what — what to do`. */
export function formatViolations(violations: readonly Violation[]): string {
  return violations.map(({ path, line, what, remedy }) => `${path}:${line} ${what} — ${remedy}`).join('\n')
}

/** The line, counted from 1, that holds the character at `offset`. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
