/**
 * Whether `error` is a connection's own end and so no fault of the code that failed with it: `reason`
 * itself, or an error whose chain of causes leads to it, such as the AbortError that `events.once` and
 * `timers/promises` reject with when `transport.signal` aborts.
 *
 * @param reason What `connectionLost` was called with; undefined while the connection is up.
 */
export function isConnectionEnd(error: unknown, reason: unknown): boolean {
  if (reason === undefined) return false
  let current = error
  for (let depth = 0; depth <= MAX_CAUSES; depth++) {
    if (current === reason) return true
    if (!(current instanceof Error)) return false
    current = current.cause
  }
  return false
}

// Bounded, because a chain of causes can lead back to itself.
const MAX_CAUSES = 16
