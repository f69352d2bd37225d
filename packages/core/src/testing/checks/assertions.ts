/** A transport broke a promise. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed'
}

/** @throws {CheckFailed} unless both are the same value, or lists of the same values. */
export function equal<T>(actual: T, expected: T, what: string): void {
  if (Object.is(actual, expected)) return
  const [shown, wanted] = [show(actual), show(expected)]
  if (Array.isArray(actual) && shown === wanted) return
  throw new CheckFailed(`${what}: expected ${wanted}, got ${shown}`)
}

/** @throws {CheckFailed} unless `condition` holds. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new CheckFailed(what)
}

/** @throws {CheckFailed} unless `call` throws a `Kind`. */
export function throws(call: () => unknown, Kind: new (...args: never[]) => Error, what: string): void {
  try {
    call()
  } catch (error) {
    if (error instanceof Kind) return
    throw new CheckFailed(`${what}: expected a ${Kind.name}, got ${String(error)}`)
  }
  throw new CheckFailed(`${what}: expected a ${Kind.name}, nothing was thrown`)
}

/** @throws {CheckFailed} unless `value` is a `Kind`, and not one of its subclasses. */
export function isExactly(value: unknown, Kind: new (...args: never[]) => Error, what: string): void {
  const name = value instanceof Error ? value.constructor.name : String(value)
  if (name !== Kind.name) throw new CheckFailed(`${what}: expected ${Kind.name}, got ${name}`)
}

/** Text of less than 200 characters, so that a failure can be read. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length < 200 ? text : `${text.slice(0, 200)}… (${text.length} characters)`
}
