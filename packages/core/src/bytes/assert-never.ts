/**
 * Ends a switch over a union, so that a forgotten variant does not compile.
 *
 * @throws {Error} when reached all the same.
 */
export function assertNever(value: never): never {
  throw new Error(`Cannot handle ${JSON.stringify(value)}`)
}
