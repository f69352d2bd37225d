/**
 * Whether `error` is a connection's own end and so no fault of the code that failed with it: `reason`
 * itself, or an error whose chain of causes leads to it, such as the AbortError that `events.once` and
 * `timers/promises` reject with when `transport.signal` aborts, or an AggregateError of nothing else.
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
