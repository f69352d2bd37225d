/**
 * Returns whether `error` stems from the end of the connection, and so is not a fault of the code that failed
 * with it. This is true for `reason` itself, for an error with a chain of causes that leads to it (such as
 * the AbortError with which `events.once` and `timers/promises` reject when `transport.signal` aborts), and
 * for an AggregateError of only such errors.
 *
 * @param reason What `connectionLost` was called with; undefined while the connection is up.
 */
export function isConnectionEnd(error: unknown, reason: unknown): boolean {
  if (reason === undefined) return false
  return leadsTo(reason, error, MAX_CAUSES)
}

function leadsTo(reason: unknown, error: unknown, depth: number): boolean {
  if (error === reason) return true
  if (depth === 0 || !(error instanceof Error)) return false
  if (leadsTo(reason, error.cause, depth - 1)) return true
  if (!(error instanceof AggregateError) || error.errors.length === 0) return false
  return error.errors.every((one) => leadsTo(reason, one, depth - 1))
}

// Bounded, because a chain of causes can lead back to itself.
const MAX_CAUSES = 16
