/** A deadline as its keeper sees it. */
export interface KeptDeadline {
  /** When it passes, in milliseconds on the keeper's clock. */
  readonly dueMs: number
  /** Its time is over. */
  pass(): void
}

/** Keeps the deadlines of all connections of a reactor. */
export interface DeadlineKeeper {
  /** Milliseconds on a clock that stands still while the event loop does. */
  now(): number
  /** Lets `deadline` pass at its `dueMs`. Asked again when that has changed. */
  keep(deadline: KeptDeadline): void
  /** Lets it pass no more. */
  forget(deadline: KeptDeadline): void
}
